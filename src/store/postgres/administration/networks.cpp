#include "store/postgres/administration/networks.hpp"

#include <chrono>
#include <utility>

#include "store/limits.hpp"
#include "store/postgres/rows.hpp"

namespace porter::detail::store::postgres::administration {

namespace {

using limit = throttled_network::limit;

/// The networks with enough failures to be blocked, with the oldest of those that fill the window, and of the failures
/// within the window the number and the oldest. Failures far in the future are ignored.
///
/// $1 account, $2 failures_per_network, $3 now in seconds, $4 network_window.
constexpr char const* full_networks = R"(
SELECT network, EXISTS (SELECT FROM account_networks AS known
                        WHERE known.account_id = $1 AND known.network = counted.network) AS is_known,
       (SELECT at_ms / 1000 FROM attempts WHERE attempts.network = counted.network AND at_ms < ($3 + $4) * 1000
        ORDER BY at_ms DESC LIMIT 1 OFFSET greatest($2 - 1, 0)) AS full_since,
       in_window, first_at
FROM (SELECT network, count(*) AS failures, count(*) FILTER (WHERE at_ms / 1000 > $3 - $4) AS in_window,
             min(at_ms / 1000) FILTER (WHERE at_ms / 1000 > $3 - $4) AS first_at
      FROM attempts GROUP BY network) AS counted
WHERE failures >= $2
ORDER BY is_known DESC, network)";

/// The networks or sites that have used up their registrations, with the oldest of those that fill the window.
///
/// $1 the beginning of the window, $2 the limit, $3 the end of what is counted.
constexpr char const* full_of_registrations = R"(
SELECT network, count(*), min(registered_at),
       (SELECT registered_at FROM registrations AS other
        WHERE other.network = counted.network AND other.registered_at < $3
        ORDER BY registered_at DESC LIMIT 1 OFFSET $2 - 1)
FROM registrations AS counted WHERE registered_at > $1
GROUP BY network HAVING count(*) >= $2 ORDER BY network)";

/// The site of an IPv4 address is the address itself: not listed twice. $4: the limit of a site, of which $2 is that of
/// a network.
constexpr char const* sites_full_of_registrations = R"(
SELECT site, count(*), min(registered_at),
       (SELECT registered_at FROM registrations AS other
        WHERE other.site = counted.site AND other.registered_at < $3
        ORDER BY registered_at DESC LIMIT 1 OFFSET $4 - 1)
FROM registrations AS counted WHERE registered_at > $1 AND site <> network
GROUP BY site HAVING count(*) >= $2 ORDER BY site)";

// porterd decides on an attempt while it has this lock.
constexpr char const* lock_network = "SELECT pg_advisory_xact_lock(76782, hashtext($1))";
// With its row a pending attempt would lose what its rollback restores.
constexpr char const* delete_failures = "DELETE FROM attempts WHERE network = $1 AND NOT is_pending";
constexpr char const* delete_registrations = "DELETE FROM registrations WHERE network = $1";

/// $1 account, $2 network, $3 failures_per_network, $4 now in seconds, $5 network_window.
constexpr char const* history = R"(
SELECT known.network IS NOT NULL, coalesce(failed, 0)::bigint, coalesce(last_ms, 0)::bigint,
       (SELECT at_ms / 1000 FROM attempts WHERE network = $2 AND at_ms < ($4 + $5) * 1000
        ORDER BY at_ms DESC LIMIT 1 OFFSET greatest($3 - 1, 0))
FROM (VALUES (true)) AS one
LEFT JOIN account_networks AS known ON known.account_id = $1 AND known.network = $2
LEFT JOIN failure_counters AS counter ON counter.account_id = $1 AND counter.network = coalesce(known.network, ''))";

base::timestamp seconds_of(base::instant time)
{
    return std::chrono::floor<std::chrono::seconds>(time);
}

/// A network with enough failures to be blocked.
struct full_network {
    blocked_network blocked;
    std::uint64_t failures = 0;
    base::timestamp since{};
};

/// Those that are blocked, as porterd decides.
std::vector<full_network> find_blocked(blocking_connection& db, account_id account, throttle_rules const& rules,
                                       base::instant now)
{
    segment work{segment::effect::reads};
    work.add(full_networks, account, std::int64_t{rules.failures_per_network}, seconds_of(now),
             std::int64_t{rules.network_window.count()});
    auto const found = db.look_up(std::move(work));
    return read_results(db, [&] {
        std::vector<full_network> all;
        auto const& rows = found.at(0);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            attempt_history state;
            state.network_full_since = rows[i].optional_time(2);
            auto const decision = decide(state, rules, now);
            if (decision.allows()) continue;
            all.push_back({{rows[i].text(0), seconds_of(now) + decision.retry_after, rows[i].boolean(1)},
                           static_cast<std::uint64_t>(rows[i].integer(3)),
                           rows[i].optional_time(4).value_or(base::timestamp{})});
        }
        return all;
    });
}

void append_registrations(result_set const& rows, base::timestamp window_begin, std::vector<throttled_network>& to)
{
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto const since = rows[i].optional_time(3);
        if (!since || *since <= window_begin) continue;
        to.push_back({rows[i].text(0), limit::registrations, static_cast<std::uint64_t>(rows[i].integer(1)),
                      rows[i].time(2), *since + registration_window});
    }
}

}  // namespace

std::vector<blocked_network> list_blocked_networks(blocking_connection& db, account_id account,
                                                   throttle_rules const& rules, base::instant now)
{
    std::vector<blocked_network> blocked;
    for (auto& one : find_blocked(db, account, rules, now)) blocked.push_back(std::move(one.blocked));
    return blocked;
}

std::vector<throttled_network> list_throttled_networks(blocking_connection& db, throttle_rules const& rules,
                                                       std::uint32_t max_registrations, base::instant now)
{
    std::vector<throttled_network> all;
    for (auto& one : find_blocked(db, 0, rules, now)) {
        all.push_back({one.blocked.network, limit::failures, one.failures, one.since, one.blocked.until});
    }
    if (max_registrations == 0) return all;
    auto const window_begin = seconds_of(now) - registration_window;
    auto const window_end = seconds_of(now) + registration_window;
    std::int64_t const most{max_registrations};
    segment work{segment::effect::reads};
    work.add(full_of_registrations, window_begin, most, window_end);
    work.add(sites_full_of_registrations, window_begin, most, window_end, networks_per_site * most);
    auto const found = db.look_up(std::move(work));
    read_results(db, [&] {
        append_registrations(found.at(0), window_begin, all);
        append_registrations(found.at(1), window_begin, all);
    });
    return all;
}

std::size_t enable_network(blocking_connection& db, std::string const& network)
{
    segment work{segment::effect::writes};
    work.add(lock_network, network).add(delete_failures, network).add(delete_registrations, network);
    work.add("SELECT note_enabled_network($1)", network);
    return db.change(std::move(work)).results.at(1).affected();
}

attempt_history history_of(blocking_connection& db, std::optional<account_id> account, std::string const& network,
                           throttle_rules const& rules, base::instant now)
{
    segment work{segment::effect::reads};
    work.add(history, account, network, std::int64_t{rules.failures_per_network}, seconds_of(now),
             std::int64_t{rules.network_window.count()});
    auto const found = db.look_up(std::move(work));
    return read_results(db, [&] {
        auto const row = found.at(0)[0];
        attempt_history read;
        read.is_known_network = row.boolean(0);
        read.failures = {count(row, 1), row.instant(2)};
        read.network_full_since = row.optional_time(3);
        return read;
    });
}

}  // namespace porter::detail::store::postgres::administration
