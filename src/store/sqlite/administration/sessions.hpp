#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "porter/result.hpp"
#include "store/administration.hpp"
#include "store/sqlite/database.hpp"

/// The operations of store::administration on sessions, which it describes. They throw error.
namespace porter::detail::store::sqlite::administration {

std::vector<session_row> list_sessions(database& db, std::optional<account_id> account);
result<std::string> end_session(database& db, session_id id);
std::size_t end_sessions(database& db, account_id account);
std::size_t prune_sessions(database& db, base::timestamp now, base::timestamp idle_since);

}  // namespace porter::detail::store::sqlite::administration
