#include "store/sqlite/sessions.hpp"

#include <algorithm>
#include <utility>

#include "store/sqlite/access_codes.hpp"
#include "store/sqlite/attempts.hpp"
#include "store/sqlite/end_cause.hpp"
#include "store/sqlite/job.hpp"
#include "store/sqlite/opening.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

result<opened_session> open_session(database& db, new_session const& record)
{
    if (auto opened = find_opened(db, record)) return std::move(*opened);
    return add_session(db, record);
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

result<void> end_session(database& db, account_id account, session_id id, end_cause cause)
{
    statement{db, "DELETE FROM sessions WHERE id = ?1 AND account_id = ?2", id, account}.run();
    if (db.changes() == 0) return unexpected(errc::not_found);
    set_end_cause(db, name_of(cause));
    return {};
}

result<void> end_sessions(database& db, account_id account, end_cause cause)
{
    statement{db, "DELETE FROM sessions WHERE account_id = ?1", account}.run();
    set_end_cause(db, name_of(cause));
    return {};
}

std::optional<account_id> owner_of(database& db, session_id id)
{
    statement row{db, "SELECT account_id FROM sessions WHERE id = ?1", id};
    if (!row.step()) return std::nullopt;
    return row.integer(0);
}

result<std::vector<session_id>> touch_sessions(database& db, std::vector<session_activity> const& activities)
{
    std::vector<session_id> gone;
    for (auto const& activity : activities) {
        statement{db,
                  "UPDATE sessions SET last_used_at = ?2, address = iif(?3 = '', address, ?3)"
                  " WHERE id = ?1 AND last_used_at <= ?2",
                  activity.id, activity.at, activity.address}
            .run();
        bool const is_written = db.changes() > 0;
        if (is_written && activity.address.empty()) continue;
        auto const account = owner_of(db, activity.id);
        if (!account) gone.push_back(activity.id);
        if (activity.address.empty()) continue;
        if (account) note_network(db, *account, activity.network, activity.at);
        statement{db, "UPDATE addresses SET last_seen_at = ?2 WHERE address = ?1 AND last_seen_at < ?2",
                  activity.address, activity.at}
            .run();
    }
    return gone;
}

result<std::vector<session_id>> find_ended_sessions(database& db, std::span<session_id const> live, base::timestamp now)
{
    std::vector<session_id> ended;
    for (auto const id : live) {
        statement row{db, "SELECT 1 FROM sessions WHERE id = ?1 AND expires_at > ?2 AND created_at <= ?3", id, now,
                      now + clock_tolerance};
        if (!row.step()) ended.push_back(id);
    }
    return ended;
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

/// Sessions removed in one transaction: bounds how long other writes wait.
constexpr std::int64_t prune_batch = 500;

result<std::size_t> prune_sessions(database& db, base::timestamp now, base::timestamp idle_since)
{
    statement{db,
              "DELETE FROM sessions WHERE id IN"
              " (SELECT id FROM sessions WHERE expires_at <= ?1 OR last_used_at <= ?2 LIMIT ?3)",
              now, idle_since, prune_batch}
        .run();
    auto const removed = static_cast<std::size_t>(db.changes());
    set_end_cause(db, name_of(end_cause::expired));
    prune_access_codes(db, now);
    return removed;
}

}  // namespace

task<result<opened_session>> sessions::open(new_session record)
{
    return submit(write_queue_, [record = std::move(record)](database& db) { return open_session(db, record); });
}

task<result<opened_session>> sessions::open_first(account owner, new_session first)
{
    return submit(write_queue_, [owner = std::move(owner), first = std::move(first)](database& db) {
        return open_first_session(db, owner, first);
    });
}

task<result<std::optional<found_session>>> sessions::find(token_digest digest)
{
    return submit(reader_.queue(), [digest](database& db) { return find_session(db, digest); });
}

task<result<std::vector<session>>> sessions::list(account_id account, base::timestamp now, base::timestamp idle_since)
{
    return submit(reader_.queue(),
                  [account, now, idle_since](database& db) { return list_sessions(db, account, now, idle_since); });
}

task<result<void>> sessions::end(account_id account, session_id id, end_cause cause)
{
    return submit(write_queue_, [account, id, cause](database& db) { return end_session(db, account, id, cause); });
}

task<result<void>> sessions::end_all(account_id account, end_cause cause)
{
    return submit(write_queue_, [account, cause](database& db) { return end_sessions(db, account, cause); });
}

task<result<std::vector<session_id>>> sessions::touch(std::vector<session_activity> activities)
{
    return submit(write_queue_,
                  [activities = std::move(activities)](database& db) { return touch_sessions(db, activities); });
}

task<result<std::size_t>> sessions::prune(base::timestamp now, base::timestamp idle_since)
{
    // In batches, between which the writer serves other requests.
    std::size_t removed = 0;
    for (;;) {
        auto work = [now, idle_since](database& db) { return prune_sessions(db, now, idle_since); };
        auto batch = co_await submit(write_queue_, work);
        if (!batch) co_return unexpected(batch.error());
        removed += *batch;
        if (*batch < static_cast<std::size_t>(prune_batch)) co_return removed;
    }
}

task<result<std::vector<session_id>>> sessions::find_ended(std::vector<session_id> live, base::timestamp now)
{
    // In batches, between which the reader serves other requests.
    constexpr std::size_t batch = 1'000;
    std::vector<session_id> ended;
    for (std::span<session_id const> left{live}; !left.empty();) {
        auto const next = left.first(std::min(left.size(), batch));
        left = left.subspan(next.size());
        auto work = [next, now](database& db) { return find_ended_sessions(db, next, now); };
        auto found = co_await submit(reader_.queue(), work, job::files::current);
        if (!found) co_return unexpected(found.error());
        ended.insert(ended.end(), found->begin(), found->end());
    }
    co_return ended;
}

task<result<std::vector<session_id>>> sessions::ended_between(base::timestamp after, base::timestamp until)
{
    auto work = [after, until](database& db) { return find_ended_between(db, after, until); };
    return submit(reader_.queue(), std::move(work));
}

void sessions::watch(session_watch watch)
{
    reader_.watch(std::move(watch));
}

}  // namespace porter::detail::store::sqlite
