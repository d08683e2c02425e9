#include "store/sqlite/administration/networks.hpp"

#include <chrono>
#include <utility>

#include "store/sqlite/statement.hpp"
#include "store/sqlite/transaction.hpp"
#include "store/sqlite/tries.hpp"

namespace porter::rooms::store::sqlite::administration {

std::vector<shut_network> list_shut_networks(database& db, account_id account, throttle_rules const& rules,
                                             base::instant now)
{
    std::vector<shut_network> full;
    {
        statement row{db,
                      "SELECT network, EXISTS (SELECT 1 FROM account_networks"
                      " WHERE account_id = ?1 AND account_networks.network = network_failures.network) AS known"
                      " FROM network_failures GROUP BY network HAVING count(*) >= ?2 ORDER BY known DESC, network",
                      account, std::int64_t{rules.failures_per_network}};
        while (row.step()) full.push_back({row.text(0), {}, row.integer(1) != 0});
    }
    std::vector<shut_network> shut;
    for (auto& one : full) {
        // Failures may be older than the window: porterd's own decision says whether they count.
        auto const verdict = judge(tries_of(db, std::nullopt, one.network, rules, now), rules, now);
        if (verdict.allows()) continue;
        one.until = std::chrono::floor<std::chrono::seconds>(now) + verdict.retry_after;
        shut.push_back(std::move(one));
    }
    return shut;
}

std::size_t open_network(database& db, std::string const& network)
{
    transaction whole{db};
    statement{db, "DELETE FROM network_failures WHERE network = ?1", network}.run();
    auto const forgotten = static_cast<std::size_t>(db.changes());
    statement{db, "DELETE FROM registrations WHERE network = ?1", network}.run();
    whole.commit();
    return forgotten;
}

}  // namespace porter::rooms::store::sqlite::administration
