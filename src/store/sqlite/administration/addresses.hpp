#pragma once

#include <optional>
#include <string>
#include <vector>

#include "porter/result.hpp"
#include "store/records.hpp"
#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite::administration {

struct address_row {
    std::string address;  ///< canonical
    std::string name;
    bool is_proved = false;  ///< by the account's password; otherwise only claimed
    base::timestamp first_seen_at{};
    base::timestamp last_seen_at{};
};

/// All addresses, the one seen last first.
std::vector<address_row> list_addresses(database& db);

std::optional<address_row> find_address(database& db, std::string const& address);

/// Whether this name was claimed at any address without a password.
bool identified_name(database& db, std::string const& name);

/// Sets the name of a canonical address. If an account has this folded name, the address becomes the account's: it gets
/// the account's own spelling, and is renamed and deleted with the account. Returns the name as stored.
std::string set_address(database& db, std::string const& address, std::string const& name,
                        std::string const& folded_name, base::timestamp now);

/// Deletes an address. Errors: not_found.
result<void> forget_address(database& db, std::string const& address);

}  // namespace porter::detail::store::sqlite::administration
