#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "porter/result.hpp"
#include "store/administration.hpp"
#include "store/postgres/administration/blocking_connection.hpp"

/// The operations of store::administration on sessions, which it describes. They throw administration_error.
namespace porter::detail::store::postgres::administration {

std::vector<session_row> list_sessions(blocking_connection& db, std::optional<account_id> account);
result<std::string> end_session(blocking_connection& db, session_id id);
std::size_t end_sessions(blocking_connection& db, account_id account);
std::size_t prune_sessions(blocking_connection& db, base::timestamp now, base::timestamp idle_since);

}  // namespace porter::detail::store::postgres::administration
