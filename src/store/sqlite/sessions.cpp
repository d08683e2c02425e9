#include "store/sqlite/sessions.hpp"

#include <algorithm>
#include <utility>

#include "store/sqlite/accounts.hpp"
#include "store/sqlite/addresses.hpp"
#include "store/sqlite/attempts.hpp"
#include "store/sqlite/job.hpp"
#include "store/sqlite/journal.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

result<opened_session> open_session(database& db, new_session const& fresh)
{
    undo_verified_attempt(db, fresh.attempt);
    opened_session opened;
    opened.account = fresh.account;
    std::string name;
    {
        statement account{db,
                          "SELECT last_login_at, last_address, failed_since, name FROM accounts"
                          " WHERE id = ?1 AND credential_version = ?2 AND disabled_at IS NULL",
                          fresh.account, fresh.credential_version};
        if (!account.step()) return unexpected(errc::credential_changed);
        opened.before = read_history(account, 0);
        name = account.text(3);
    }
    statement{db,
              "INSERT INTO sessions (account_id, token_digest, created_at, last_used_at, expires_at, address,"
              " transport, credential_version) VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7)",
              fresh.account,
              fresh.digest,
              fresh.created_at,
              fresh.expires_at,
              fresh.address,
              name_of(fresh.transport),
              fresh.credential_version}
        .run();
    opened.id = db.last_id();
    statement{db,
              "UPDATE accounts SET last_login_at = ?2, last_address = ?3, failed_since = 0, try_count = try_count + 1"
              " WHERE id = ?1",
              fresh.account, fresh.created_at, fresh.address}
        .run();
    statement{db,
              "DELETE FROM sessions WHERE account_id = ?1 AND id <="
              " (SELECT id FROM sessions WHERE account_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
              fresh.account, std::max<std::uint32_t>(fresh.max_sessions, 1)}
        .run();
    set_end_cause(db, name_of(end_cause::replaced));
    record_address(db, fresh.address, fresh.network, name, fresh.account, fresh.created_at);
    note_network(db, fresh.account, fresh.network, fresh.created_at);
    return opened;
}

result<opened_session> open_first_session(database& db, account const& owner, new_session first)
{
    auto const added = add_account(db, owner);
    if (!added) return unexpected(added.error());
    first.account = added->id;
    first.credential_version = added->credential_version;
    return open_session(db, first);
}

result<std::optional<found_session>> find_session(database& db, token_digest const& digest)
{
    statement row{db,
                  "SELECT sessions.id, account_id, sessions.created_at, last_used_at, expires_at, address, transport,"
                  " name, disabled_at IS NOT NULL, last_login_at, last_address, failed_since"
                  " FROM sessions JOIN accounts ON accounts.id = account_id"
                  " AND accounts.credential_version = sessions.credential_version WHERE token_digest = ?1",
                  digest};
    if (!row.step()) return std::optional<found_session>{};
    found_session found;
    found.session = read_session(row);
    found.account_name = row.text(7);
    found.account_disabled = row.integer(8) != 0;
    found.history = read_history(row, 9);
    return std::optional{std::move(found)};
}

result<std::vector<session>> list_sessions(database& db, account_id account, base::timestamp now,
                                           base::timestamp idle_since)
{
    std::vector<session> live;
    statement row{db,
                  "SELECT id, account_id, created_at, last_used_at, expires_at, address, transport FROM sessions"
                  " WHERE account_id = ?1 AND expires_at > ?2 AND created_at <= ?4 AND last_used_at > ?3 ORDER BY id",
                  account,
                  now,
                  idle_since,
                  now + clock_tolerance};
    while (row.step()) live.push_back(read_session(row));
    return live;
}

result<void> end_session(database& db, account_id account, session_id id, end_cause why)
{
    statement{db, "DELETE FROM sessions WHERE id = ?1 AND account_id = ?2", id, account}.run();
    if (db.changes() == 0) return unexpected(errc::not_found);
    set_end_cause(db, name_of(why));
    return {};
}

result<void> end_sessions(database& db, account_id account, end_cause why)
{
    statement{db, "DELETE FROM sessions WHERE account_id = ?1", account}.run();
    set_end_cause(db, name_of(why));
    return {};
}

result<void> touch_sessions(database& db, std::vector<session_activity> const& uses)
{
    for (auto const& use : uses) {
        statement{db,
                  "UPDATE sessions SET last_used_at = ?2, address = iif(?3 = '', address, ?3)"
                  " WHERE id = ?1 AND last_used_at <= ?2",
                  use.id, use.at, use.address}
            .run();
        if (use.address.empty()) continue;
        std::optional<account_id> account;
        {
            statement owner{db, "SELECT account_id FROM sessions WHERE id = ?1", use.id};
            if (owner.step()) account = owner.integer(0);
        }
        if (account) note_network(db, *account, use.network, use.at);
        statement{db, "UPDATE addresses SET last_seen_at = ?2 WHERE address = ?1 AND last_seen_at < ?2", use.address,
                  use.at}
            .run();
    }
    return {};
}

result<std::vector<session_id>> find_gone(database& db, std::span<session_id const> live, base::timestamp now)
{
    std::vector<session_id> over;
    for (auto const id : live) {
        statement row{db, "SELECT 1 FROM sessions WHERE id = ?1 AND expires_at > ?2 AND created_at <= ?3", id, now,
                      now + clock_tolerance};
        if (!row.step()) over.push_back(id);
    }
    return over;
}

result<std::vector<session_id>> find_ended_between(database& db, base::timestamp after, base::timestamp until)
{
    constexpr std::int64_t most = 10'000;
    std::vector<session_id> ended;
    statement row{
        db, "SELECT id FROM sessions WHERE expires_at > ?1 AND expires_at <= ?2 ORDER BY expires_at DESC LIMIT ?3",
        after, until, most};
    while (row.step()) ended.push_back(row.integer(0));
    return ended;
}

/// Sessions that are removed in one go: others' writes wait for no more than this.
constexpr std::int64_t prune_piece = 500;

result<std::size_t> prune_sessions(database& db, base::timestamp now, base::timestamp idle_since)
{
    statement{db,
              "DELETE FROM sessions WHERE id IN"
              " (SELECT id FROM sessions WHERE expires_at <= ?1 OR last_used_at <= ?2 LIMIT ?3)",
              now, idle_since, prune_piece}
        .run();
    auto const removed = static_cast<std::size_t>(db.changes());
    set_end_cause(db, name_of(end_cause::expired));
    return removed;
}

}  // namespace

task<result<opened_session>> sessions::open(new_session fresh)
{
    return ask(writes_, [fresh = std::move(fresh)](database& db) { return open_session(db, fresh); });
}

task<result<opened_session>> sessions::open_first(account owner, new_session first)
{
    return ask(writes_, [owner = std::move(owner), first = std::move(first)](database& db) {
        return open_first_session(db, owner, first);
    });
}

task<result<std::optional<found_session>>> sessions::find(token_digest digest)
{
    return ask(reader_.queue(), [digest](database& db) { return find_session(db, digest); });
}

task<result<std::vector<session>>> sessions::list(account_id account, base::timestamp now, base::timestamp idle_since)
{
    return ask(reader_.queue(),
               [account, now, idle_since](database& db) { return list_sessions(db, account, now, idle_since); });
}

task<result<void>> sessions::end(account_id account, session_id id, end_cause why)
{
    return ask(writes_, [account, id, why](database& db) { return end_session(db, account, id, why); });
}

task<result<void>> sessions::end_all(account_id account, end_cause why)
{
    return ask(writes_, [account, why](database& db) { return end_sessions(db, account, why); });
}

task<result<void>> sessions::touch(std::vector<session_activity> uses)
{
    return ask(writes_, [uses = std::move(uses)](database& db) { return touch_sessions(db, uses); });
}

task<result<std::size_t>> sessions::prune(base::timestamp now, base::timestamp idle_since)
{
    // Piece by piece, so that the writer does what else is waiting in between.
    std::size_t removed = 0;
    for (;;) {
        auto work = [now, idle_since](database& db) { return prune_sessions(db, now, idle_since); };
        auto piece = co_await ask(writes_, work);
        if (!piece) co_return unexpected(piece.error());
        removed += *piece;
        if (*piece < static_cast<std::size_t>(prune_piece)) co_return removed;
    }
}

task<result<std::vector<session_id>>> sessions::find_ended(std::vector<session_id> live, base::timestamp now)
{
    // Piece by piece, so that look-ups get in between.
    constexpr std::size_t piece = 1'000;
    std::vector<session_id> over;
    for (std::span<session_id const> left{live}; !left.empty();) {
        auto const next = left.first(std::min(left.size(), piece));
        left = left.subspan(next.size());
        auto work = [next, now](database& db) { return find_gone(db, next, now); };
        auto found = co_await ask(reader_.queue(), work, job::reading::what_is_there_now);
        if (!found) co_return unexpected(found.error());
        over.insert(over.end(), found->begin(), found->end());
    }
    co_return over;
}

task<result<std::vector<session_id>>> sessions::ended_between(base::timestamp after, base::timestamp until)
{
    auto work = [after, until](database& db) { return find_ended_between(db, after, until); };
    return ask(reader_.queue(), std::move(work));
}

void sessions::watch(session_watch watcher)
{
    reader_.watch(std::move(watcher));
}

}  // namespace porter::detail::store::sqlite
