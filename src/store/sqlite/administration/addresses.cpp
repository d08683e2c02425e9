#include "store/sqlite/administration/addresses.hpp"

#include <utility>

#include "store/sqlite/administration/guarded_transaction.hpp"
#include "store/sqlite/statement.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

constexpr std::string_view list =
    "SELECT address, name, account_id IS NOT NULL, first_seen_at, last_seen_at FROM addresses"
    " WHERE ?1 IS NULL OR address = ?1 ORDER BY last_seen_at DESC, address";

address_row read_row(statement const& row)
{
    address_row one;
    one.address = row.bytes(0);
    one.name = row.bytes(1);
    one.is_proved = row.integer(2) != 0;
    one.first_seen_at = row.time(3);
    one.last_seen_at = row.time(4);
    return one;
}

}  // namespace

std::vector<address_row> list_addresses(database& db)
{
    std::vector<address_row> all;
    statement row{db, list, std::optional<std::string>{}};
    while (row.step()) all.push_back(read_row(row));
    return all;
}

std::optional<address_row> find_address(database& db, std::string const& address)
{
    statement row{db, list, std::optional{address}};
    if (!row.step()) return std::nullopt;
    return read_row(row);
}

bool is_identified(database& db, std::string const& name)
{
    return statement{db, "SELECT 1 FROM addresses WHERE name = ?1 AND account_id IS NULL", name}.step();
}

std::string set_address(database& db, std::string const& address, std::string const& name,
                        std::string const& folded_name, base::timestamp now)
{
    guarded_transaction tx{db};
    std::string stored_name = name;
    std::optional<account_id> account;
    {
        statement owner{db, "SELECT id, name FROM accounts WHERE folded_name = ?1", folded_name};
        if (owner.step()) {
            account = owner.integer(0);
            stored_name = owner.text(1);
        }
    }
    // No client was seen there, so last_seen_at of a known address stays.
    statement{db,
              "INSERT INTO addresses (address, name, account_id, first_seen_at, last_seen_at)"
              " VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT (address) DO UPDATE SET name = ?2, account_id = ?3",
              address,
              stored_name,
              account,
              now}
        .run();
    tx.commit();
    return stored_name;
}

result<void> forget_address(database& db, std::string const& address)
{
    guarded_transaction tx{db};
    statement{db, "DELETE FROM addresses WHERE address = ?1", address}.run();
    if (db.changes() == 0) return unexpected(errc::not_found);
    tx.commit();
    return {};
}

}  // namespace porter::detail::store::sqlite::administration
