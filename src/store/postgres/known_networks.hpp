#pragma once

#include <cstdint>

namespace porter::detail::store::postgres {

/// Known networks of an account; beyond it the ones used longest ago are deleted.
inline constexpr std::int64_t networks_per_account = 100;

/// $1: the account, $2: networks_per_account. It waits for no lock: what others use at the moment is deleted at a later
/// login. The account is locked, too, because a trigger deletes failure counters, which belong to the owner of its
/// lock.
inline constexpr char const* delete_oldest_networks =
    "DELETE FROM account_networks WHERE account_id = $1 AND network = ANY (ARRAY("
    "SELECT known.network FROM accounts JOIN account_networks AS known ON account_id = accounts.id"
    " WHERE accounts.id = $1 AND known.network IN (SELECT network FROM account_networks"
    " WHERE account_id = $1 ORDER BY last_seen_at DESC, network OFFSET $2)"
    " FOR NO KEY UPDATE OF accounts SKIP LOCKED FOR UPDATE OF known SKIP LOCKED))";

}  // namespace porter::detail::store::postgres
