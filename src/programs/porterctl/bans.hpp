#pragma once

#include <optional>
#include <string>

#include "base/network.hpp"
#include "identity/address.hpp"
#include "programs/porterctl/open_database.hpp"

namespace porter::programs {

/// The most specific ban that is in force for an address, or none.
std::optional<store::ban_row> find_ban(store::administration& db, detail::identity::address const& from);

/// "192.0.2.0/24 is banned until 2026-12-01 18:02:00 UTC, silently (fail2ban)"
std::string describe_ban(store::ban_row const& ban);

}  // namespace porter::programs
