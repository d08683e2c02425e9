#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "porter/result.hpp"
#include "store/administration.hpp"
#include "store/postgres/administration/blocking_connection.hpp"

/// The operations of store::administration on invitations and resets, which it describes. They throw
/// administration_error.
namespace porter::detail::store::postgres::administration {

std::vector<invitation_row> list_invitations(blocking_connection& db);
std::optional<invitation_row> add_invitation(blocking_connection& db, new_invitation const& fresh);
result<void> remove_invitation(blocking_connection& db, std::int64_t id);
result<base::timestamp> add_reset(blocking_connection& db, account_id account, code_digest const& code,
                                  std::chrono::seconds duration);

}  // namespace porter::detail::store::postgres::administration
