#pragma once

#include <optional>
#include <string>
#include <vector>

#include "porter/result.hpp"
#include "store/administration.hpp"
#include "store/postgres/administration/blocking_connection.hpp"

/// The operations of store::administration on addresses, which it describes. They throw administration_error.
namespace porter::detail::store::postgres::administration {

std::vector<address_row> list_addresses(blocking_connection& db);
std::optional<address_row> find_address(blocking_connection& db, std::string const& address);
bool is_identified(blocking_connection& db, std::string const& name);
std::string set_address(blocking_connection& db, std::string const& address, std::string const& name,
                        std::string const& folded_name, base::timestamp now);
result<void> forget_address(blocking_connection& db, std::string const& address);

}  // namespace porter::detail::store::postgres::administration
