#pragma once

#include <cstdint>

namespace porter::detail::store::postgres {

/// Known networks of an account; beyond it the ones used longest ago are deleted.
inline constexpr std::int64_t networks_per_account = 100;

/// $1: the account, $2: networks_per_account.
inline constexpr char const* delete_oldest_networks =
    "DELETE FROM account_networks WHERE account_id = $1 AND network IN (SELECT network FROM account_networks"
    " WHERE account_id = $1 ORDER BY last_seen_at DESC, network OFFSET $2)";

}  // namespace porter::detail::store::postgres
