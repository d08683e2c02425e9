#pragma once

#include <optional>
#include <string>
#include <vector>

#include "porter/result.hpp"
#include "store/administration.hpp"
#include "store/sqlite/database.hpp"

/// The operations of store::administration on addresses, which it describes. They throw error.
namespace porter::detail::store::sqlite::administration {

std::vector<address_row> list_addresses(database& db);
std::optional<address_row> find_address(database& db, std::string const& address);
bool is_identified(database& db, std::string const& name);
std::string set_address(database& db, std::string const& address, std::string const& name,
                        std::string const& folded_name, base::timestamp now);
result<void> forget_address(database& db, std::string const& address);

}  // namespace porter::detail::store::sqlite::administration
