#include "store/sqlite/administration/networks.hpp"

#include <chrono>
#include <string_view>
#include <utility>

#include "store/limits.hpp"
#include "store/sqlite/administration/guarded_transaction.hpp"
#include "store/sqlite/attempts.hpp"
#include "store/sqlite/registrations.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

using limit = throttled_network::limit;

/// `rows` selects the networks with at least `most` registrations in the window; `full_since` decides.
void append_registrations(database& db, std::string_view rows, decltype(network_registrations_full_since)& full_since,
                          std::uint32_t most, base::instant now, std::vector<throttled_network>& to)
{
    auto const window_begin = std::chrono::floor<std::chrono::seconds>(now) - registration_window;
    std::vector<throttled_network> full;
    {
        statement row{db, rows, window_begin, std::int64_t{most}};
        while (row.step()) full.push_back({row.bytes(0), limit::registrations, row.count(1), row.time(2), {}});
    }
    for (auto& one : full) {
        auto const since = full_since(db, one.network, most, now);
        if (!since || *since <= window_begin) continue;
        one.until = *since + registration_window;
        to.push_back(std::move(one));
    }
}

}  // namespace

std::vector<blocked_network> list_blocked_networks(database& db, account_id account, throttle_rules const& rules,
                                                   base::instant now)
{
    std::vector<blocked_network> full;
    {
        statement row{db,
                      "SELECT network, EXISTS (SELECT 1 FROM account_networks"
                      " WHERE account_id = ?1 AND account_networks.network = network_failures.network) AS known"
                      " FROM network_failures GROUP BY network HAVING count(*) >= ?2 ORDER BY known DESC, network",
                      account, std::int64_t{rules.failures_per_network}};
        while (row.step()) full.push_back({row.bytes(0), {}, row.integer(1) != 0});
    }
    std::vector<blocked_network> blocked;
    for (auto& one : full) {
        // Failures may be older than the window, so decide as porterd does.
        auto const decision = decide(history_of(db, std::nullopt, one.network, rules, now), rules, now);
        if (decision.allows()) continue;
        one.until = std::chrono::floor<std::chrono::seconds>(now) + decision.retry_after;
        blocked.push_back(std::move(one));
    }
    return blocked;
}

std::vector<throttled_network> list_throttled_networks(database& db, throttle_rules const& rules,
                                                       std::uint32_t max_registrations, base::instant now)
{
    auto const seconds = std::chrono::floor<std::chrono::seconds>(now);
    std::vector<throttled_network> all;
    for (auto const& blocked : list_blocked_networks(db, 0, rules, now)) {
        statement row{db, "SELECT count(*), min(failed_at) FROM network_failures WHERE network = ?1 AND failed_at > ?2",
                      blocked.network, seconds - rules.network_window};
        if (row.step()) all.push_back({blocked.network, limit::failures, row.count(0), row.time(1), blocked.until});
    }
    if (max_registrations == 0) return all;
    append_registrations(db,
                         "SELECT network, count(*), min(registered_at) FROM registrations WHERE registered_at > ?1"
                         " GROUP BY network HAVING count(*) >= ?2 ORDER BY network",
                         network_registrations_full_since, max_registrations, now, all);
    // The site of an IPv4 address is the address itself: not listed twice.
    append_registrations(db,
                         "SELECT site, count(*), min(registered_at) FROM registrations"
                         " WHERE registered_at > ?1 AND site <> network"
                         " GROUP BY site HAVING count(*) >= ?2 ORDER BY site",
                         site_registrations_full_since, max_registrations, now, all);
    return all;
}

std::size_t enable_network(database& db, std::string const& network)
{
    guarded_transaction tx{db};
    // With its row a pending attempt would lose what its rollback restores.
    statement{db,
              "DELETE FROM network_failures WHERE network = ?1"
              " AND id NOT IN (SELECT failure_id FROM undecided_tries)",
              network}
        .run();
    auto const forgotten = static_cast<std::size_t>(db.changes());
    statement{db, "DELETE FROM registrations WHERE network = ?1", network}.run();
    // No trigger: porterd deletes such rows all the time.
    statement{db, "INSERT INTO audit (action, object) VALUES ('network_enabled', ?1)", network}.run();
    tx.commit();
    return forgotten;
}

}  // namespace porter::detail::store::sqlite::administration
