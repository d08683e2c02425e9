#include "store/sqlite/accounts.hpp"

#include <utility>
#include <vector>

#include "store/limits.hpp"
#include "store/sqlite/attempts.hpp"
#include "store/sqlite/job.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

constexpr std::string_view find_by_name =
    "SELECT id, name, folded_name, password_hash, credential_version, created_at, disabled_at, failed_since,"
    " EXISTS (SELECT 1 FROM second_factors WHERE account_id = accounts.id)"
    " FROM accounts WHERE folded_name = ?1";

constexpr std::string_view find_by_id =
    "SELECT id, name, folded_name, password_hash, credential_version, created_at, disabled_at, failed_since,"
    " EXISTS (SELECT 1 FROM second_factors WHERE account_id = accounts.id)"
    " FROM accounts WHERE id = ?1";

// The table has few rows, so the order needs no index.
constexpr std::string_view find_hash_costs =
    "SELECT memory_kib, passes FROM password_costs"
    " WHERE memory_kib BETWEEN ?1 AND ?2 AND passes BETWEEN ?3 AND ?4 AND memory_kib * passes <= ?5"
    " ORDER BY memory_kib * passes DESC, memory_kib DESC LIMIT ?6";

std::vector<base::hash_cost> hash_costs(database& db)
{
    auto const number = [](auto bound) { return static_cast<std::int64_t>(bound); };
    statement row{db,
                  find_hash_costs,
                  number(base::least_hash_memory_kib),
                  number(base::most_hash_memory_kib),
                  number(base::least_hash_passes),
                  number(base::most_hash_passes),
                  number(base::most_hash_work_kib),
                  number(hash_costs_at_once)};
    std::vector<base::hash_cost> costs;
    while (row.step()) costs.push_back({row.count(0), row.count(1)});
    return costs;
}

template <typename Key>
result<claimed_account> find_claimed_account(database& db, std::string_view sql, Key const& key)
{
    claimed_account claimed;
    // While this statement is in use, the costs are read in the same read transaction.
    statement found{db, sql, key};
    if (found.step()) claimed.account = read_account(found);
    claimed.hash_costs = hash_costs(db);
    return claimed;
}

result<void> replace_hash(database& db, account_id id, std::string const& old_hash, std::string const& new_hash)
{
    // An incremented rehash_count tells the schema that the password is the same: sessions stay.
    statement{db,
              "UPDATE accounts SET password_hash = ?3, rehash_count = rehash_count + 1"
              " WHERE id = ?1 AND password_hash = ?2",
              id, old_hash, new_hash}
        .run();
    if (db.changes() > 0) return {};
    statement done{db, "SELECT 1 FROM accounts WHERE id = ?1 AND password_hash = ?2", id, new_hash};
    if (!done.step()) return unexpected(errc::credential_changed);
    return {};
}

bool is_done(database& db, password_change const& change)
{
    statement done{db, "SELECT 1 FROM accounts WHERE id = ?1 AND credential_version = ?2 + 1 AND password_hash = ?3",
                   change.account, change.credential_version, change.new_hash};
    return done.step();
}

result<void> replace_password(database& db, password_change const& change)
{
    if (is_done(db, change)) return {};
    statement{db, "UPDATE sessions SET credential_version = credential_version + 1 WHERE id = ?1 AND account_id = ?2",
              change.keep, change.account}
        .run();
    // A trigger ends the sessions of the previous version.
    statement{db,
              "UPDATE accounts SET password_hash = ?3, credential_version = credential_version + 1"
              " WHERE id = ?1 AND credential_version = ?2 AND disabled_at IS NULL",
              change.account, change.credential_version, change.new_hash}
        .run();
    if (db.changes() == 0) return unexpected(errc::credential_changed);
    undo_verified_attempt(db, change.attempt);
    return {};
}

}  // namespace

result<account> add_account(database& db, account const& record)
{
    // The schema rejects a duplicate, too, but its error is like that of any other constraint.
    statement same{db, "SELECT 1 FROM accounts WHERE folded_name = ?1", record.folded_name};
    if (same.step()) return unexpected(errc::name_taken);
    statement{db,
              "INSERT INTO accounts (name, folded_name, password_hash, created_at, disabled_at)"
              " VALUES (?1, ?2, ?3, ?4, ?5)",
              record.name,
              record.folded_name,
              record.password_hash,
              record.created_at,
              record.disabled_at}
        .run();
    account added = record;
    added.id = db.last_id();
    added.credential_version = 1;
    added.failed_since = 0;
    return added;
}

task<result<std::optional<account>>> accounts::find(std::string folded_name)
{
    return submit(read_queue_, [folded_name = std::move(folded_name)](database& db) -> result<std::optional<account>> {
        statement found{db, find_by_name, folded_name};
        if (!found.step()) return std::optional<account>{};
        return std::optional{read_account(found)};
    });
}

task<result<claimed_account>> accounts::find_claimed(std::string folded_name)
{
    return submit(read_queue_, [folded_name = std::move(folded_name)](database& db) {
        return find_claimed_account(db, find_by_name, folded_name);
    });
}

task<result<claimed_account>> accounts::find_claimed(account_id id)
{
    return submit(read_queue_, [id](database& db) { return find_claimed_account(db, find_by_id, id); });
}

task<result<void>> accounts::rehash(account_id id, std::string old_hash, std::string new_hash)
{
    return submit(write_queue_, [id, old_hash = std::move(old_hash), new_hash = std::move(new_hash)](database& db) {
        return replace_hash(db, id, old_hash, new_hash);
    });
}

task<result<void>> accounts::change_password(password_change change)
{
    return submit(write_queue_, [change = std::move(change)](database& db) { return replace_password(db, change); });
}

}  // namespace porter::detail::store::sqlite
