#include "store/postgres/attempts.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "base/network.hpp"
#include "store/postgres/rows.hpp"

namespace porter::detail::store::postgres {

namespace {

using results = std::vector<result_set>;
using std::chrono::steady_clock;

/// Rows that one segment of prune_attempts() deletes at most.
constexpr std::int64_t rows_at_once = 500;

/// A lock survives a crash of the primary. The standby may be a moment behind: not to wait for it halves the time of a
/// login.
constexpr auto commit_locally = "SELECT set_config('synchronous_commit', 'local', true)";

constexpr auto lock_accounts = "SELECT FROM accounts WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";

// Advisory locks are numbers of the database. Two texts with one number merely wait for each other.
constexpr auto lock_names =
    "SELECT pg_advisory_xact_lock(76781, number)"
    " FROM (SELECT DISTINCT hashtext(hex) AS number FROM unnest($1) AS names (hex) ORDER BY number) AS numbers";
constexpr auto lock_network = "SELECT pg_advisory_xact_lock(76782, hashtext($1))";
constexpr auto lock_site = "SELECT pg_advisory_xact_lock(76783, hashtext($1))";

/// store::decide() in SQL; tests/store/postgres compares them. It runs after the locks, in a statement of its own,
/// which sees what their last owners committed.
///
/// $1 id, $2 account, $3 unknown name, $4 network, $5 site, $6 now in ms, $7 free_failures, $8 pauses, $9 locked_after,
/// $10 failures_per_network, $11 network_window, $12 registrations of a network (0: it is none), $13 of a site,
/// $14 registration_window. Times of which a rule says that they fill a window are in seconds; waits are in ms. An
/// attempt may be decided up to 60,000 ms after its time, and then after later ones.
constexpr auto begin_attempt = R"(
WITH begun AS MATERIALIZED (
    SELECT attempts.*, EXISTS (SELECT FROM registrations WHERE attempt_id = attempts.id) AS is_registration
    FROM attempts WHERE id = $1 AND is_pending),
found AS MATERIALIZED (
    SELECT accounts.id AS account_id, accounts.last_failed_at, coalesce(known.network, '') AS counter_network,
           coalesce(of_account.failed, of_name.failed, 0) AS failed,
           coalesce(of_account.last_ms, of_name.last_ms, 0) AS last_ms,
           (SELECT at_ms / 1000 FROM attempts WHERE network = $4 AND at_ms < ($6 / 1000 + $11) * 1000
            ORDER BY at_ms DESC LIMIT 1 OFFSET greatest($10 - 1, 0)) AS network_full_since,
           CASE WHEN $12 > 0 THEN greatest(
               (SELECT registered_at FROM registrations WHERE network = $4 AND registered_at < $6 / 1000 + $14
                ORDER BY registered_at DESC LIMIT 1 OFFSET greatest($12 - 1, 0)),
               (SELECT registered_at FROM registrations WHERE site = $5 AND registered_at < $6 / 1000 + $14
                ORDER BY registered_at DESC LIMIT 1 OFFSET greatest($13 - 1, 0))) END AS registrations_full_since
    FROM (SELECT) AS one
    LEFT JOIN accounts ON accounts.id = $2
    LEFT JOIN account_networks AS known ON known.account_id = accounts.id AND known.network = $4
    LEFT JOIN failure_counters AS of_account
           ON of_account.account_id = accounts.id AND of_account.network = coalesce(known.network, '')
    LEFT JOIN unknown_failure_counters AS of_name ON of_name.digest = $3),
passed AS MATERIALIZED (
    SELECT *, $6 - last_ms AS since_failure,
           $6 - network_full_since * 1000 AS since_full, $6 - registrations_full_since * 1000 AS since_registrations,
           CASE WHEN failed < $7 THEN 0
                ELSE ($8)[least(failed - $7 + 1, array_length($8, 1))] * 1000 END AS pause
    FROM found),
waits AS MATERIALIZED (
    SELECT *, CASE WHEN since_failure >= pause OR since_failure <= -greatest(pause, 60000) THEN 0
                   ELSE pause - greatest(since_failure, 0) END AS by_account,
           CASE WHEN since_full < $11 * 1000 AND since_full > -greatest($11 * 1000, 60000)
                THEN $11 * 1000 - greatest(since_full, 0) ELSE 0 END AS by_network,
           CASE WHEN since_registrations < $14 * 1000 AND since_registrations > -greatest($14 * 1000, 60000)
                THEN $14 * 1000 - greatest(since_registrations, 0) ELSE 0 END AS by_registrations
    FROM passed),
ruled AS MATERIALIZED (
    SELECT *, CASE WHEN failed >= $9 THEN 'account_locked'
                   WHEN by_registrations > greatest(by_account, by_network) THEN 'registrations_used_up'
                   WHEN by_account = 0 AND by_network = 0 THEN 'allowed'
                   WHEN by_account >= by_network THEN 'account_paused'
                   ELSE 'network_throttled' END AS rule,
           CASE WHEN failed >= $9 THEN 0
                ELSE (greatest(by_account, by_network, by_registrations) + 999) / 1000 END AS retry_after
    FROM waits),
decided AS MATERIALIZED (
    SELECT *, CASE rule
        WHEN 'allowed' THEN false
        WHEN 'network_throttled' THEN EXISTS (
            SELECT FROM attempts WHERE network = $4 AND is_pending AND at_ms / 1000 > $6 / 1000 - $11)
        WHEN 'registrations_used_up' THEN EXISTS (
            SELECT FROM registrations JOIN attempts ON attempts.id = attempt_id
            WHERE site = $5 AND is_pending AND at_ms / 1000 > $6 / 1000 - $11)
        ELSE EXISTS (
            SELECT FROM attempts
            WHERE attempts.account_id = ruled.account_id AND attempts.counter_network = ruled.counter_network
              AND is_pending AND at_ms / 1000 > $6 / 1000 - $11)
          OR EXISTS (
            SELECT FROM attempts WHERE unknown_name = $3 AND is_pending AND at_ms / 1000 > $6 / 1000 - $11)
        END AS is_pending
    FROM ruled WHERE NOT EXISTS (SELECT FROM begun)),
allowed AS MATERIALIZED (SELECT * FROM decided WHERE rule = 'allowed'),
counted AS (
    INSERT INTO attempts (id, network, at_ms, is_pending, account_id, counter_network, unknown_name, last_ms_before,
                          last_failed_at_before)
    SELECT $1, $4, $6, true, account_id, counter_network, $3, last_ms, last_failed_at FROM allowed),
counted_registration AS (
    INSERT INTO registrations (attempt_id, network, site, registered_at) SELECT $1, $4, $5, $6 / 1000 FROM allowed
    WHERE $12 > 0),
shown AS (
    UPDATE accounts SET failed_since = failed_since + 1, last_failed_at = $6 / 1000, attempt_count = attempt_count + 1
    FROM allowed WHERE accounts.id = allowed.account_id),
counted_of_account AS (
    INSERT INTO failure_counters AS counter (account_id, network, failed, last_ms)
    SELECT account_id, counter_network, 1, $6 FROM allowed WHERE account_id IS NOT NULL
    ON CONFLICT (account_id, network) DO UPDATE SET failed = counter.failed + 1, last_ms =
        CASE WHEN counter.last_ms - $6 < 60000 THEN greatest(counter.last_ms, $6) ELSE $6 END),
counted_of_name AS (
    INSERT INTO unknown_failure_counters AS counter (digest, failed, last_ms) SELECT $3, 1, $6 FROM allowed
    WHERE $3 IS NOT NULL
    ON CONFLICT (digest) DO UPDATE SET failed = counter.failed + 1, last_ms =
        CASE WHEN counter.last_ms - $6 < 60000 THEN greatest(counter.last_ms, $6) ELSE $6 END)
SELECT 'allowed' AS rule, 0::bigint AS retry_after, account_id, counter_network, is_registration, at_ms,
       last_ms_before, last_failed_at_before
FROM begun
UNION ALL
SELECT CASE WHEN is_pending THEN 'pending' ELSE rule END, retry_after, account_id, counter_network, $12 > 0, $6,
       last_ms, last_failed_at
FROM decided)";

constexpr auto fail_attempt = R"(
WITH failed AS (UPDATE attempts SET is_pending = false WHERE id = $1 AND is_pending RETURNING id)
DELETE FROM registrations USING failed WHERE attempt_id = failed.id)";

/// The counter is that of the account or of the name. Its pause is that of the failure before, unless another one
/// followed.
constexpr auto rollback_attempt = R"(
WITH undone AS (DELETE FROM attempts WHERE id = $1 AND is_pending RETURNING *),
no_registration AS (DELETE FROM registrations USING undone WHERE attempt_id = undone.id),
not_shown AS (
    UPDATE accounts
    SET failed_since = greatest(failed_since - 1, 0), attempt_count = attempt_count + 1,
        last_failed_at = CASE WHEN last_failed_at = at_ms / 1000 THEN last_failed_at_before ELSE last_failed_at END
    FROM undone WHERE accounts.id = undone.account_id),
no_counter AS (
    DELETE FROM failure_counters AS counter USING undone
    WHERE counter.account_id = undone.account_id AND counter.network = counter_network AND failed = 1),
counter_before AS (
    UPDATE failure_counters AS counter
    SET failed = failed - 1, last_ms = CASE WHEN last_ms = at_ms THEN last_ms_before ELSE last_ms END
    FROM undone
    WHERE counter.account_id = undone.account_id AND counter.network = counter_network AND failed > 1),
no_counter_of_name AS (
    DELETE FROM unknown_failure_counters USING undone WHERE digest = unknown_name AND failed = 1)
UPDATE unknown_failure_counters
SET failed = failed - 1, last_ms = CASE WHEN last_ms = at_ms THEN last_ms_before ELSE last_ms END
FROM undone WHERE digest = unknown_name AND failed > 1)";

// Servers that delete pass each other. The ARRAY is made once; a subquery of IN could be run again for each row, and
// lock others.
constexpr auto delete_attempts = R"(
DELETE FROM attempts WHERE id = ANY (ARRAY(
    SELECT id FROM attempts WHERE at_ms <= $1 AND NOT is_pending ORDER BY at_ms LIMIT $2 FOR UPDATE SKIP LOCKED)))";
constexpr auto delete_registrations = R"(
DELETE FROM registrations WHERE attempt_id = ANY (ARRAY(
    SELECT attempt_id FROM registrations WHERE registered_at <= $1 ORDER BY registered_at LIMIT $2
    FOR UPDATE SKIP LOCKED)))";
std::vector<std::int64_t> seconds_of(std::array<std::chrono::seconds, 4> const& pauses)
{
    std::vector<std::int64_t> counts;
    for (auto const pause : pauses) counts.push_back(pause.count());
    return counts;
}

std::string hex(name_digest const& digest)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (auto const each : digest) {
        text += digits[std::to_integer<std::size_t>(each >> 4)];
        text += digits[std::to_integer<std::size_t>(each & std::byte{15})];
    }
    return text;
}

segment segment_of_begin(secret_attempt const& attempt, throttle_rules const& rules)
{
    segment work{segment::effect::writes};
    work.add(commit_locally);
    if (attempt.account) work.add(lock_account, *attempt.account);
    if (attempt.unknown_name) work.add(lock_names, std::vector{hex(*attempt.unknown_name)});
    work.add(lock_network, attempt.network);
    auto const site = base::site_of(attempt.network);
    std::int64_t const registrations{attempt.max_registrations};
    if (registrations > 0) work.add(lock_site, site);
    work.add(begin_attempt, attempt.id, attempt.account, attempt.unknown_name, attempt.network, site, attempt.at,
             std::int64_t{rules.free_failures}, seconds_of(rules.pauses), std::int64_t{rules.locked_after},
             std::int64_t{rules.failures_per_network}, std::int64_t{rules.network_window.count()}, registrations,
             networks_per_site * registrations, std::int64_t{registration_window.count()});
    return work;
}

decision::rule rule_of(std::string_view name)
{
    using enum decision::rule;
    constexpr std::array<std::pair<std::string_view, decision::rule>, 6> rules{{
        {"allowed", allowed},
        {"account_paused", account_paused},
        {"account_locked", account_locked},
        {"network_throttled", network_throttled},
        {"registrations_used_up", registrations_used_up},
        {"pending", pending},
    }};
    auto const* const found = std::ranges::find(rules, name, &std::pair<std::string_view, decision::rule>::first);
    if (found == rules.end()) throw column_error("an unknown rule of throttling");
    return found->second;
}

result<attempt_result> read_begun(results const& found, secret_attempt const& attempt)
{
    auto const row = found.back()[0];
    attempt_result read;
    auto const by = rule_of(row.text(0));
    if (by == decision::rule::pending) {
        read.decision = decision::not_yet();
        return read;
    }
    read.decision = {by, std::chrono::seconds{row.integer(1)}};
    if (!read.decision.allows()) return read;
    auto& counted = read.counted;
    counted.id = attempt.id;
    counted.account = row.optional_integer(2);
    counted.unknown_name = attempt.unknown_name;
    counted.network = attempt.network;
    counted.is_known_network = !row.text(3).empty();
    if (row.boolean(4)) counted.registration = attempt.id;
    counted.at = row.instant(5);
    counted.last_before = row.instant(6);
    counted.last_failed_at_before = row.optional_time(7);
    return read;
}

/// What a rollback needs, of an attempt whose begin() may have been done.
counted_attempt counted_for_rollback(secret_attempt const& attempt)
{
    counted_attempt counted;
    counted.id = attempt.id;
    counted.account = attempt.account;
    counted.unknown_name = attempt.unknown_name;
    counted.at = attempt.at;
    return counted;
}

/// Not there: it was rolled back.
result<void> read_failed(results const& found)
{
    if (found.back().empty()) return unexpected(errc::unavailable);
    return {};
}

result<void> read_nothing(results const& /*found*/)
{
    return {};
}

result<std::size_t> read_affected(results const& found)
{
    return found.back().affected();
}

task<result<void>> delete_all(resolver& by, segment piece)
{
    for (;;) {
        auto const answer = co_await by.change(piece);
        auto const deleted = by.read(answer.reply, read_affected);
        if (!deleted) co_return unexpected(deleted.error());
        if (*deleted < rows_at_once) co_return result<void>{};
    }
}

}  // namespace

segment segment_of_rollback(std::vector<counted_attempt> pending)
{
    std::vector<std::int64_t> accounts;
    std::vector<std::string> names;
    for (auto const& each : pending) {
        if (each.account) accounts.push_back(*each.account);
        if (each.unknown_name) names.push_back(hex(*each.unknown_name));
    }
    // Attempts of the same moment restore the same in any order. By id, two rollbacks lock them in one order.
    std::ranges::sort(pending, [](counted_attempt const& left, counted_attempt const& right) {
        return left.at == right.at ? left.id < right.id : left.at > right.at;
    });
    segment work{segment::effect::writes};
    work.add(commit_lazily);
    if (!accounts.empty()) work.add(lock_accounts, accounts);
    if (!names.empty()) work.add(lock_names, names);
    for (auto const& each : pending) work.add(rollback_attempt, each.id);
    return work;
}

task<result<attempt_result>> attempts::begin(secret_attempt attempt, throttle_rules rules)
{
    auto const asked_at = steady_clock::now();
    co_await queue_.begin(attempt.network);
    network_queue::slot const slot{queue_, attempt.network};
    if (steady_clock::now() - asked_at > patience_) co_return unexpected(errc::unavailable);
    auto work = segment_of_begin(attempt, rules);
    auto undo = std::optional{segment_of_rollback({counted_for_rollback(attempt)})};
    auto const answer = co_await resolver_.change(std::move(work), std::move(undo));
    auto const read = [&](auto const& results) { return read_begun(results, attempt); };
    co_return resolver_.read(answer.reply, read);
}

task<result<void>> attempts::fail(counted_attempt attempt)
{
    segment work{segment::effect::writes};
    work.add(commit_locally).add(fail_attempt, attempt.id).add("SELECT FROM attempts WHERE id = $1", attempt.id);
    auto const answer = co_await resolver_.change(std::move(work));
    co_return resolver_.read(answer.reply, read_failed);
}

task<result<void>> attempts::rollback(std::vector<counted_attempt> pending)
{
    result<void> outcome;
    for (std::span<counted_attempt const> left{pending}; !left.empty();) {
        auto const next = left.first(std::min(left.size(), rollbacks_at_once));
        left = left.subspan(next.size());
        auto work = segment_of_rollback({next.begin(), next.end()});
        auto const answer = co_await resolver_.change(std::move(work));
        auto const done = resolver_.read(answer.reply, read_nothing);
        if (!done) outcome = done;
    }
    co_return outcome;
}

task<result<void>> prune_attempts(resolver& by, base::instant now)
{
    auto const expired = std::chrono::floor<std::chrono::seconds>(now) - registration_window;
    segment work{segment::effect::writes};
    work.add(commit_lazily);
    auto failures = work;
    failures.add(delete_attempts, base::instant{expired}, rows_at_once);
    auto const done = co_await delete_all(by, std::move(failures));
    if (!done) co_return done;
    auto registrations = work;
    registrations.add(delete_registrations, expired, rows_at_once);
    co_return co_await delete_all(by, std::move(registrations));
}

}  // namespace porter::detail::store::postgres
