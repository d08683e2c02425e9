#include "store/sqlite/addresses.hpp"

#include <utility>

#include "store/sqlite/job.hpp"
#include "store/sqlite/statement.hpp"
#include "store/sqlite/tries.hpp"

namespace porter::rooms::store::sqlite {

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
    record_address(db, address, name, account, at);
    if (account) note_network(db, *account, network, at);
    return {};
}

}  // namespace

void record_address(database& db, std::string const& address, std::string const& name,
                    std::optional<account_id> account, base::timestamp at)
{
    statement{db,
              "INSERT INTO addresses (address, name, account_id, first_seen_at, last_seen_at)"
              " VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT (address) DO UPDATE"
              " SET name = ?2, account_id = ?3, last_seen_at = max(last_seen_at, ?4)",
              address,
              name,
              account,
              at}
        .run();
}

task<result<std::optional<std::string>>> addresses::name_of(std::string address)
{
    return ask(look_ups_, [address = std::move(address)](database& db) { return find_name(db, address); });
}

task<result<void>> addresses::record(std::string address, std::string network, std::string name,
                                     std::optional<account_id> account, base::timestamp at)
{
    return ask(writes_, [address = std::move(address), network = std::move(network), name = std::move(name), account,
                         at](database& db) { return record_name(db, address, network, name, account, at); });
}

}  // namespace porter::rooms::store::sqlite
