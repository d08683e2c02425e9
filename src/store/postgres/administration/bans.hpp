#pragma once

#include <optional>
#include <string>
#include <vector>

#include "porter/result.hpp"
#include "store/administration.hpp"
#include "store/postgres/administration/blocking_connection.hpp"

/// The operations of store::administration on bans, which it describes. They throw
/// administration_error.
namespace porter::detail::store::postgres::administration {

std::vector<ban_row> list_bans(blocking_connection& db);
added_ban add_ban(blocking_connection& db, new_ban const& ban);
result<void> remove_ban(blocking_connection& db, std::string const& network, std::optional<std::string> const& reason);

}  // namespace porter::detail::store::postgres::administration
