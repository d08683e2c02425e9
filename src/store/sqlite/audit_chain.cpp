#include "store/sqlite/audit_chain.hpp"

#include <vector>

#include "base/bytes.hpp"
#include "store/audit_key.hpp"
#include "store/sqlite/transaction.hpp"

namespace porter::detail::store::sqlite {

namespace {

/// Rows in one transaction: bounds how long other changes wait.
constexpr std::int64_t batch = 2'000;

void write_head(database& db, audit_head const& head)
{
    statement{db,
              "UPDATE audit_head SET pruned_number = ?1, pruned_seal = ?2, last_id = ?3, last_number = ?4,"
              " last_seal = ?5, tag = ?6",
              head.pruned_number,
              base::as_bytes(head.pruned_seal),
              head.last_id,
              head.last_number,
              base::as_bytes(head.last_seal),
              base::as_bytes(head.tag)}
        .run();
}

/// The head as the owner of the key has left it. False: it was changed, or the chain has become shorter since this
/// connection sealed a row.
bool is_intact(audit_head const& head, audit_author const& author)
{
    return is_signed(head, *author.key) && head.last_number >= author.last_number;
}

std::vector<audit_row> read_waiting(database& db, std::int64_t after)
{
    std::vector<audit_row> waiting;
    statement row{db,
                  "SELECT id, at, actor, action, account_id, account, object, before, after, number, seal FROM audit"
                  " WHERE id > ?1 ORDER BY id LIMIT ?2",
                  after, batch};
    while (row.step()) waiting.push_back(read_audit_row(row));
    return waiting;
}

void begin_chain(database& db, audit_key const& key)
{
    transaction tx{db};
    db.execute("UPDATE audit SET number = NULL, seal = NULL WHERE number IS NOT NULL OR seal IS NOT NULL");
    write_head(db, new_audit_head(key));
    statement{db, "INSERT INTO audit (actor, action) VALUES (?1, 'chain_begun')", db.author().actor}.run();
    tx.commit();
}

}  // namespace

audit_row read_audit_row(statement const& row)
{
    audit_row one;
    one.id = row.integer(0);
    one.at = row.time(1);
    // As bytes: a damaged text is a changed row, and the others are still to be read.
    one.actor = row.bytes(2);
    one.action = row.bytes(3);
    if (auto const account = row.integer(4); account != 0) one.account_id = account;
    one.account = row.bytes(5);
    one.object = row.bytes(6);
    one.before = row.bytes(7);
    one.after = row.bytes(8);
    one.number = row.integer(9);
    one.seal = row.bytes(10);
    return one;
}

audit_head read_audit_head(database& db)
{
    audit_head head;
    statement row{db, "SELECT pruned_number, pruned_seal, last_id, last_number, last_seal, tag FROM audit_head"};
    if (!row.step()) return head;
    head.pruned_number = row.integer(0);
    head.pruned_seal = row.bytes(1);
    head.last_id = row.integer(2);
    head.last_number = row.integer(3);
    head.last_seal = row.bytes(4);
    head.tag = row.bytes(5);
    return head;
}

std::int64_t last_audit_id(database& db)
{
    return db.integer("SELECT max(id) FROM audit");
}

bool has_unsealed_audit(database& db)
{
    // Without a head every row is one: seal_audit() then finds that the chain was changed.
    return db.integer("SELECT (SELECT max(id) FROM audit) > coalesce((SELECT last_id FROM audit_head), -1)") != 0;
}

std::int64_t seal_audit(database& db)
{
    auto& author = db.author();
    if (!author.key || author.is_broken || !has_unsealed_audit(db)) return 0;
    auto head = read_audit_head(db);
    author.is_broken = !is_intact(head, author);
    if (author.is_broken) return 0;
    for (auto& row : read_waiting(db, head.last_id)) {
        seal(row, head, *author.key);
        head.last_id = row.id;
        statement{db, "UPDATE audit SET number = ?2, seal = ?3 WHERE id = ?1", row.id, row.number,
                  base::as_bytes(row.seal)}
            .run();
    }
    sign(head, *author.key);
    write_head(db, head);
    return head.last_number;
}

std::size_t prune_audit(database& db, std::chrono::seconds keep)
{
    auto& author = db.author();
    if (!author.key || author.is_broken) return 0;
    auto head = read_audit_head(db);
    author.is_broken = !is_intact(head, author);
    if (author.is_broken) return 0;
    std::int64_t last = 0;
    {
        statement row{db,
                      "SELECT id, number, seal FROM audit"
                      " WHERE id <= ?1 AND at < unixepoch() - ?2 AND number IS NOT NULL ORDER BY id LIMIT ?3",
                      head.last_id, keep.count(), batch};
        // Only the rows at the beginning: the clock may have been wrong for a while.
        while (row.step() && row.integer(1) == head.pruned_number + 1) {
            last = row.integer(0);
            head.pruned_number = row.integer(1);
            head.pruned_seal = row.bytes(2);
        }
    }
    if (last == 0) return 0;
    sign(head, *author.key);
    write_head(db, head);  // first: a trigger rejects the deletion of others
    statement{db, "DELETE FROM audit WHERE id <= ?1", last}.run();
    return static_cast<std::size_t>(db.changes());
}

bool begin_new_audit(database& db, std::int64_t version_before)
{
    auto const& key = db.author().key;
    if (!key || version_before >= first_audited_version || !read_audit_head(db).tag.empty()) return false;
    begin_chain(db, *key);
    return true;
}

void open_audit(database& db, options const& options, std::int64_t version_before, log::logger& log)
{
    auto& author = db.author();
    author.actor = options.actor;
    if (options.audit_key_file.empty()) return;
    author.key = read_audit_key(options.audit_key_file);
    if (!author.key) {
        auto const key = base::random_digest_key();
        // The key is written last: after a crash between the two, the next start begins again.
        begin_chain(db, key);
        write_audit_key(options.audit_key_file, key);
        author.key = key;
        log.info("audit_chain_begun", {{"key", options.audit_key_file.native()}});
        return;
    }
    if (begin_new_audit(db, version_before)) {
        log.info("audit_chain_begun", {{"key", options.audit_key_file.native()}});
        return;
    }
    author.is_broken = !is_signed(read_audit_head(db), *author.key);
}

}  // namespace porter::detail::store::sqlite
