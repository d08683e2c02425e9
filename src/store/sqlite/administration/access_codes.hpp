#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "porter/result.hpp"
#include "store/administration.hpp"
#include "store/sqlite/database.hpp"

/// The operations of store::administration on invitations and resets, which it describes. They throw
/// error.
namespace porter::detail::store::sqlite::administration {

std::vector<invitation_row> list_invitations(database& db);
std::optional<invitation_row> add_invitation(database& db, new_invitation const& fresh);
result<void> remove_invitation(database& db, std::int64_t id);
result<base::timestamp> add_reset(database& db, account_id account, code_digest const& code,
                                  std::chrono::seconds duration);

}  // namespace porter::detail::store::sqlite::administration
