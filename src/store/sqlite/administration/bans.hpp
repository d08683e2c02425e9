#pragma once

#include <optional>
#include <string>
#include <vector>

#include "porter/result.hpp"
#include "store/administration.hpp"
#include "store/sqlite/database.hpp"

/// The operations of store::administration on bans, which it describes. They throw error.
namespace porter::detail::store::sqlite::administration {

std::vector<ban_row> list_bans(database& db);
added_ban add_ban(database& db, new_ban const& ban);
result<void> remove_ban(database& db, std::string const& network, std::optional<std::string> const& reason);

}  // namespace porter::detail::store::sqlite::administration
