#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/records.hpp"
#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite::administration {

struct address_row {
    std::string address;  ///< canonical
    std::string name;
    bool is_proved = false;  ///< by the account's password; otherwise the name was only said
    base::timestamp first_seen_at{};
    base::timestamp last_seen_at{};
};

/// The one last seen at first.
std::vector<address_row> list_addresses(database& db);

std::optional<address_row> find_address(database& db, std::string const& address);

/// Whether this name was only said, from any address.
bool identified_name(database& db, std::string const& name);

/// Makes `name` the one that is known for this canonical address. Where an account has that folded name, the address is
/// the account's: it is greeted by the account's own spelling, and follows it when it is renamed or deleted. The name
/// that is known now.
std::string set_address(database& db, std::string const& address, std::string const& name,
                        std::string const& folded_name, base::timestamp now);

/// Errors: not_found.
result<void> forget_address(database& db, std::string const& address);

}  // namespace porter::detail::store::sqlite::administration
