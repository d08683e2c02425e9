#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/hash_function.hpp"
#include "base/hash_cost.hpp"

namespace porter::detail::auth {

/// The costs besides the current one that every check computes. Each change of --hash-memory or --hash-ops adds one
/// until every account has logged in; three bound the time of a check.
inline constexpr std::size_t covered_costs = 3;

/// The costs that every password check computes, whatever the claimed name.
struct cost_cover {
    std::vector<base::hash_cost> costs;  ///< the current one, then the highest others in use
    bool is_whole = true;                ///< false: lower ones are in use and not included
};

/// `in_use` as the store returns them, in descending order.
cost_cover cover(base::hash_cost const& today, std::vector<base::hash_cost> const& in_use);

enum class check_result : std::uint8_t {
    match,
    mismatch,
    unreadable,  ///< a mismatch: the stored text is not a hash
    failed,      ///< no memory for one of the computations: the password may match or not
};

/// Verifies a password against the hash of an account; none: there is no account. Computes one hash of each cost in
/// `costs`, in order: the stored one for its cost, dummy hashes for all others. Returns after the last. A stored hash
/// of another cost or function is computed in addition, at the end. Never throws.
check_result check_password(hash_function& function, std::optional<std::string> const& stored,
                            std::vector<base::hash_cost> costs, std::string_view password);

}  // namespace porter::detail::auth
