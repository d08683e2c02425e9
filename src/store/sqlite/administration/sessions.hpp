#pragma once

#include <optional>
#include <string>
#include <vector>

#include "porter/result.hpp"
#include "store/records.hpp"
#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite::administration {

struct session_row {
    store::session session;
    std::string account_name;
};

/// All sessions, or those of one account, oldest first, including expired ones.
std::vector<session_row> list_sessions(database& db, std::optional<account_id> account = std::nullopt);

/// Ends a session and returns the name of its account. Errors: not_found.
result<std::string> end_session(database& db, session_id id);

/// Ends every session of an account. Returns their number.
std::size_t end_sessions(database& db, account_id account);

/// Removes sessions whose absolute end is at or before `now`, or whose last use is at or before `idle_since`. Returns
/// their number.
std::size_t prune_sessions(database& db, base::timestamp now, base::timestamp idle_since);

}  // namespace porter::detail::store::sqlite::administration
