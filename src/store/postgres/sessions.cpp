#include "store/postgres/sessions.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "store/limits.hpp"
#include "store/postgres/access_codes.hpp"
#include "store/postgres/addresses.hpp"
#include "store/postgres/attempts.hpp"
#include "store/postgres/known_networks.hpp"
#include "store/postgres/opening.hpp"
#include "store/postgres/rows.hpp"

namespace porter::detail::store::postgres {

namespace {

using results = std::vector<result_set>;

constexpr char const* find_session =
    "SELECT sessions.id, account_id, sessions.created_at, last_used_at, expires_at, address, transport,"
    " name, disabled_at IS NOT NULL, last_login_at, last_address, failed_since"
    " FROM sessions JOIN accounts ON accounts.id = account_id"
    " AND accounts.credential_version = sessions.credential_version WHERE token_digest = $1";

constexpr char const* list_sessions =
    "SELECT id, account_id, created_at, last_used_at, expires_at, address, transport FROM sessions"
    " WHERE account_id = $1 AND expires_at > $2 AND created_at <= $4 AND last_used_at > $3 ORDER BY id";

constexpr char const* end_session = "DELETE FROM sessions WHERE id = $1 AND account_id = $2";

// Of several segments that lock the same sessions each does so in the order of their ids. A DELETE by itself has the
// order of the table where its plan is a bitmap scan.
constexpr char const* end_sessions =
    "DELETE FROM sessions WHERE id = ANY (ARRAY(SELECT id FROM sessions WHERE account_id = $1 ORDER BY id FOR UPDATE))";

// A new row of account_networks locks the row of its account. A transaction that deletes the account has locked it, and
// waits for its sessions: so accounts are first here, too. It does not wait for the lock of a login.
constexpr char const* lock_accounts_of_sessions =
    "SELECT FROM accounts WHERE id = ANY (ARRAY(SELECT account_id FROM sessions WHERE id = ANY ($1)))"
    " ORDER BY id FOR KEY SHARE";

constexpr char const* lock_sessions = "SELECT FROM sessions WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";

constexpr char const* record_uses =
    "UPDATE sessions SET last_used_at = used.at,"
    " address = CASE WHEN used.address = '' THEN sessions.address ELSE used.address END"
    " FROM (SELECT DISTINCT ON (id) * FROM unnest($1, $2, $3) AS activity (id, at, address) ORDER BY id, at DESC) AS "
    "used"
    " WHERE sessions.id = used.id AND last_used_at <= used.at";

constexpr char const* note_networks =
    "INSERT INTO account_networks AS known (account_id, network, first_seen_at, last_seen_at)"
    " SELECT account_id, network, max(at), max(at) FROM unnest($1, $2, $3) AS activity (id, at, network)"
    " JOIN sessions USING (id) WHERE network <> '' GROUP BY account_id, network ORDER BY account_id, network"
    " ON CONFLICT (account_id, network) DO UPDATE SET last_seen_at = greatest(known.last_seen_at, "
    "excluded.last_seen_at)";

// As delete_oldest_networks, for the accounts of these sessions.
constexpr char const* delete_oldest_networks_of_all =
    "DELETE FROM account_networks WHERE ctid = ANY (ARRAY(SELECT known.ctid FROM (SELECT account_id, network,"
    " row_number() OVER (PARTITION BY account_id ORDER BY last_seen_at DESC, network) AS place FROM account_networks"
    " WHERE account_id = ANY (ARRAY(SELECT account_id FROM sessions WHERE id = ANY ($1)))) AS ranked"
    " JOIN accounts ON accounts.id = ranked.account_id"
    " JOIN account_networks AS known ON known.account_id = ranked.account_id AND known.network = ranked.network"
    " WHERE place > $2 FOR NO KEY UPDATE OF accounts SKIP LOCKED FOR UPDATE OF known SKIP LOCKED))";

constexpr char const* lock_addresses =
    "SELECT FROM addresses WHERE address = ANY ($1) ORDER BY address FOR NO KEY UPDATE";

constexpr char const* record_sights =
    "UPDATE addresses SET last_seen_at = seen.at"
    " FROM (SELECT address, max(at) AS at FROM unnest($1, $2) AS activity (address, at) GROUP BY address) AS seen"
    " WHERE addresses.address = seen.address AND last_seen_at < seen.at";

// A scalar subquery and not NOT EXISTS, which a plan made for a small table would turn into a look at all sessions.
constexpr char const* find_gone =
    "SELECT id FROM unnest($1) WITH ORDINALITY AS live (id, place)"
    " WHERE (SELECT true FROM sessions WHERE sessions.id = live.id) IS NULL ORDER BY place";

// Servers that remove sessions at the same time pass each other.
constexpr char const* prune_expired =
    "DELETE FROM sessions WHERE id IN"
    " (SELECT id FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";

// Idle ones are found by ranges of ids, because last_used_at has no index. The end of a range, or NULL at the last one.
constexpr char const* find_range =
    "SELECT max(id) FROM (SELECT id FROM sessions WHERE id > $1 ORDER BY id LIMIT $2) AS range";

constexpr char const* prune_idle =
    "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE id > $1 AND id <= $2 AND last_used_at <= $3"
    " FOR UPDATE SKIP LOCKED)";

constexpr char const* find_over =
    "SELECT id FROM unnest($1) WITH ORDINALITY AS live (id, place) WHERE (SELECT true FROM sessions"
    " WHERE sessions.id = live.id AND expires_at > $2 AND created_at <= $3) IS NULL ORDER BY place";

constexpr char const* find_ended_between =
    "SELECT id FROM sessions WHERE expires_at > $1 AND expires_at <= $2 ORDER BY expires_at DESC LIMIT $3";

/// Sessions in one transaction: bounds how long others wait for its locks.
constexpr std::size_t touch_batch = 500;
constexpr std::int64_t prune_batch = 500;
constexpr std::int64_t range_size = 2'000;

/// The session that the last statement of a segment of opening.hpp returns; `denial` if it returns none.
result<opened_session> read_opened(results const& found, errc denial)
{
    if (found.back().empty()) return unexpected(denial);
    auto const row = found.back()[0];
    return opened_session{row.integer(0), row.integer(1), read_history(row, 2)};
}

result<std::vector<session_id>> read_ids(results const& found)
{
    std::vector<session_id> ids;
    auto const& rows = found.back();
    for (std::size_t i = 0; i < rows.size(); ++i) ids.push_back(rows[i].integer(0));
    return ids;
}

result<std::optional<found_session>> read_found(results const& rows)
{
    if (rows.at(0).empty()) return std::optional<found_session>{};
    auto const row = rows.at(0)[0];
    found_session found;
    found.session = read_session(row);
    found.account_name = row.text(7);
    found.account_disabled = row.boolean(8);
    found.history = read_history(row, 9);
    return std::optional{std::move(found)};
}

result<std::vector<session>> read_list(results const& found)
{
    std::vector<session> all;
    auto const& rows = found.at(0);
    for (std::size_t i = 0; i < rows.size(); ++i) all.push_back(read_session(rows[i]));
    return all;
}

segment touch_sessions(std::span<session_activity const> activities)
{
    std::vector<std::int64_t> ids;
    std::vector<std::int64_t> times;
    std::vector<std::string> addresses;
    std::vector<std::int64_t> moved_ids;
    std::vector<std::int64_t> moved_times;
    std::vector<std::string> moved_to;
    std::vector<std::string> networks;
    for (auto const& activity : activities) {
        auto const at = activity.at.time_since_epoch().count();
        ids.push_back(activity.id);
        times.push_back(at);
        addresses.push_back(activity.address);
        if (activity.address.empty()) continue;
        moved_ids.push_back(activity.id);
        moved_times.push_back(at);
        moved_to.push_back(activity.address);
        networks.push_back(activity.network);
    }
    segment work{segment::effect::writes};
    work.add(commit_lazily);
    if (!moved_ids.empty()) work.add(lock_accounts_of_sessions, moved_ids);
    work.add(lock_sessions, ids).add(record_uses, ids, times, addresses);
    if (!moved_ids.empty()) {
        // As an opening does: first addresses, then networks.
        work.add(lock_addresses, moved_to).add(record_sights, moved_to, moved_times);
        work.add(note_networks, moved_ids, moved_times, networks);
        work.add(delete_oldest_networks_of_all, moved_ids, networks_per_account);
    }
    work.add(find_gone, ids);
    return work;
}

/// Removes those past their absolute end.
task<result<std::size_t>> remove_expired(resolver& by, base::timestamp now)
{
    std::size_t removed = 0;
    for (;;) {
        segment work{segment::effect::writes};
        work.add(set_end_cause, name_of(end_cause::expired)).add(prune_expired, now, prune_batch);
        auto const answer = co_await by.change(std::move(work));
        auto const reader = [](results const& done) -> result<std::size_t> { return done.at(1).affected(); };
        auto const batch = by.read(answer.reply, reader);
        if (!batch) co_return unexpected(batch.error());
        removed += *batch;
        if (*batch < static_cast<std::size_t>(prune_batch)) co_return removed;
    }
}

task<result<std::size_t>> remove_idle(resolver& by, base::timestamp idle_since)
{
    std::size_t removed = 0;
    for (session_id last = 0;;) {
        segment look{segment::effect::reads};
        look.add(find_range, last, range_size);
        auto const found = co_await by.look_up(std::move(look));
        auto const read_end = [](results const& rows) -> result<std::optional<std::int64_t>> {
            return rows.at(0)[0].optional_integer(0);
        };
        auto const end = by.read(found, read_end);
        if (!end) co_return unexpected(end.error());
        if (!*end) co_return removed;

        segment work{segment::effect::writes};
        work.add(set_end_cause, name_of(end_cause::expired)).add(prune_idle, last, **end, idle_since);
        auto const answer = co_await by.change(std::move(work));
        auto const reader = [](results const& done) -> result<std::size_t> { return done.at(1).affected(); };
        auto const batch = by.read(answer.reply, reader);
        if (!batch) co_return unexpected(batch.error());
        removed += *batch;
        last = **end;
    }
}

}  // namespace

task<result<opened_session>> sessions::open(new_session record)
{
    auto work = open_session(record);
    auto undo = undo_opening(record);
    auto const answer = co_await resolver_.change(std::move(work), std::move(undo));
    auto const reader = [](results const& found) { return read_opened(found, errc::credential_changed); };
    co_return resolver_.read(answer.reply, reader);
}

task<result<opened_session>> sessions::open_first(account owner, new_session first)
{
    if (owner.disabled_at) {
        // It would be added without the session, which is not allowed.
        segment look{segment::effect::reads};
        look.add("SELECT FROM accounts WHERE folded_name = $1", owner.folded_name);
        auto const found = co_await resolver_.look_up(std::move(look));
        auto const reader = [](results const& rows) -> result<opened_session> {
            return unexpected(rows.at(0).empty() ? errc::credential_changed : errc::name_taken);
        };
        co_return resolver_.read(found, reader);
    }
    auto work = open_first_session(owner, first);
    auto undo = undo_first_opening(owner, first);
    auto const answer = co_await resolver_.change(std::move(work), std::move(undo));
    auto const reader = [](results const& found) { return read_opened(found, errc::name_taken); };
    co_return resolver_.read(answer.reply, reader);
}

task<result<std::optional<found_session>>> sessions::find(token_digest digest)
{
    segment work{segment::effect::reads};
    work.add(find_session, digest);
    auto const answer = co_await resolver_.look_up(std::move(work));
    co_return resolver_.read(answer, read_found);
}

task<result<std::vector<session>>> sessions::list(account_id account, base::timestamp now, base::timestamp idle_since)
{
    segment work{segment::effect::reads};
    work.add(list_sessions, account, now, idle_since, now + clock_tolerance);
    auto const answer = co_await resolver_.look_up(std::move(work));
    co_return resolver_.read(answer, read_list);
}

task<result<void>> sessions::end(account_id account, session_id id, end_cause cause)
{
    segment work{segment::effect::writes};
    work.add(lock_account, account).add(set_end_cause, name_of(cause)).add(end_session, id, account);
    auto const answer = co_await resolver_.change(std::move(work));
    auto const reader = [&answer](results const& done) -> result<void> {
        if (done.at(2).affected() == 0 && !answer.is_repeated) return unexpected(errc::not_found);
        return {};
    };
    co_return resolver_.read(answer.reply, reader);
}

task<result<void>> sessions::end_all(account_id account, end_cause cause)
{
    segment work{segment::effect::writes};
    work.add(lock_account, account).add(set_end_cause, name_of(cause)).add(end_sessions, account);
    auto const answer = co_await resolver_.change(std::move(work));
    auto const reader = [](results const&) -> result<void> { return {}; };
    co_return resolver_.read(answer.reply, reader);
}

task<result<std::vector<session_id>>> sessions::touch(std::vector<session_activity> activities)
{
    std::vector<session_id> gone;
    for (std::span<session_activity const> left{activities}; !left.empty();) {
        auto const next = left.first(std::min(left.size(), touch_batch));
        left = left.subspan(next.size());
        auto work = touch_sessions(next);
        auto const answer = co_await resolver_.change(std::move(work));
        auto const found = resolver_.read(answer.reply, read_ids);
        if (!found) co_return unexpected(found.error());
        gone.insert(gone.end(), found->begin(), found->end());
    }
    co_return gone;
}

task<result<std::size_t>> sessions::prune(base::timestamp now, base::timestamp idle_since)
{
    auto const expired = co_await remove_expired(resolver_, now);
    if (!expired) co_return expired;
    auto const idle = co_await remove_idle(resolver_, idle_since);
    if (!idle) co_return idle;
    auto const addresses = co_await delete_oldest_addresses(resolver_);
    if (!addresses) co_return unexpected(addresses.error());
    auto const codes = co_await prune_access_codes(resolver_, now);
    if (!codes) co_return unexpected(codes.error());
    auto const attempts = co_await prune_attempts(resolver_, now);
    if (!attempts) co_return unexpected(attempts.error());
    co_return *expired + *idle;
}

task<result<std::vector<session_id>>> sessions::find_ended(std::vector<session_id> live, base::timestamp now)
{
    constexpr std::size_t batch = 1'000;
    std::vector<session_id> ended;
    for (std::span<session_id const> left{live}; !left.empty();) {
        auto const next = left.first(std::min(left.size(), batch));
        left = left.subspan(next.size());
        segment work{segment::effect::reads};
        work.add(find_over, next, now, now + clock_tolerance);
        auto const answer = co_await resolver_.look_up_lost(std::move(work));
        auto const found = resolver_.read(answer, read_ids);
        if (!found) co_return unexpected(found.error());
        ended.insert(ended.end(), found->begin(), found->end());
    }
    co_return ended;
}

task<result<std::vector<session_id>>> sessions::ended_between(base::timestamp after, base::timestamp until)
{
    constexpr std::int64_t most = 10'000;
    segment work{segment::effect::reads};
    work.add(find_ended_between, after, until, most);
    auto const answer = co_await resolver_.look_up(std::move(work));
    co_return resolver_.read(answer, read_ids);
}

void sessions::watch(session_watch watcher)
{
    watch_.set(std::move(watcher));
}

}  // namespace porter::detail::store::postgres
