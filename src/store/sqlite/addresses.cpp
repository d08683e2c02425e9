#include "store/sqlite/addresses.hpp"

#include <algorithm>
#include <utility>

#include "base/network.hpp"
#include "store/limits.hpp"
#include "store/sqlite/attempts.hpp"
#include "store/sqlite/job.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite {

namespace {

result<std::optional<std::string>> find_name(database& db, std::string const& address)
{
    statement found{db, "SELECT name FROM addresses WHERE address = ?1", address};
    if (!found.step()) return std::optional<std::string>{};
    return std::optional{found.text(0)};
}

bool exists(database& db, account_id account)
{
    statement known{db, "SELECT 1 FROM accounts WHERE id = ?1", account};
    return known.step();
}

result<void> record_name(database& db, std::string const& address, std::string const& network, std::string const& name,
                         std::optional<account_id> account, base::timestamp at)
{
    if (account && !exists(db, *account)) return {};
    record_address(db, address, network, name, account, at);
    if (account) note_network(db, *account, network, at);
    return {};
}

bool is_recorded(database& db, std::string const& address)
{
    return statement{db, "SELECT 1 FROM addresses WHERE address = ?1", address}.step();
}

/// The conditions that a network or site is not '' let SQLite use the partial indexes.
void delete_oldest_of_network(database& db, std::string const& network, std::string const& site)
{
    statement{db,
              "DELETE FROM addresses WHERE address IN (SELECT address FROM addresses WHERE network = ?1 AND"
              " network <> '' ORDER BY last_seen_at DESC LIMIT -1 OFFSET ?2)",
              network, std::int64_t{addresses_per_network}}
        .run();
    statement{db,
              "DELETE FROM addresses WHERE address IN (SELECT address FROM addresses WHERE site = ?1 AND site <> ''"
              " ORDER BY last_seen_at DESC LIMIT -1 OFFSET ?2)",
              site, std::int64_t{addresses_per_site}}
        .run();
}

/// Deletes at most two, so that a database above the limit returns to it without a pause.
void delete_oldest(database& db)
{
    std::int64_t surplus = 0;
    {
        statement row{db, "SELECT addresses - ?1 FROM address_count", std::int64_t{most_addresses}};
        if (row.step()) surplus = row.integer(0);
    }
    if (surplus <= 0) return;
    statement{db,
              "DELETE FROM addresses WHERE address IN"
              " (SELECT address FROM addresses ORDER BY last_seen_at LIMIT ?1)",
              std::min<std::int64_t>(surplus, 2)}
        .run();
}

}  // namespace

void record_address(database& db, std::string const& address, std::string const& network, std::string const& name,
                    std::optional<account_id> account, base::timestamp at)
{
    // An IPv4 address is its own network: nothing to count.
    bool const is_one_of_many = network != address;
    auto const own = is_one_of_many ? network : std::string{};
    auto const site = is_one_of_many ? base::site_of(network) : std::string{};
    bool const is_new = !is_recorded(db, address);
    statement{db,
              "INSERT INTO addresses (address, name, account_id, first_seen_at, last_seen_at, network, site)"
              " VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6) ON CONFLICT (address) DO UPDATE"
              " SET name = ?2, account_id = ?3, last_seen_at = max(last_seen_at, ?4), network = ?5, site = ?6",
              address,
              name,
              account,
              at,
              own,
              site}
        .run();
    if (!is_new) return;
    if (is_one_of_many) delete_oldest_of_network(db, own, site);
    delete_oldest(db);
}

task<result<std::optional<std::string>>> addresses::name_of(std::string address)
{
    return submit(read_queue_, [address = std::move(address)](database& db) { return find_name(db, address); });
}

task<result<void>> addresses::record(std::string address, std::string network, std::string name,
                                     std::optional<account_id> account, base::timestamp at)
{
    return submit(write_queue_,
                  [address = std::move(address), network = std::move(network), name = std::move(name), account,
                   at](database& db) { return record_name(db, address, network, name, account, at); });
}

}  // namespace porter::detail::store::sqlite
