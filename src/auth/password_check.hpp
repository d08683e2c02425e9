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

/// The costs beside today's that every check computes. One other is there after --hash-memory or --hash-ops was
/// changed, until each account has logged in; three are enough for three changes that not everybody has followed yet,
/// and bound what a check takes.
inline constexpr std::size_t covered_costs = 3;

/// What every check of a password computes at one time, whoever is claimed to be.
struct cost_cover {
    std::vector<base::hash_cost> costs;  ///< today's, then the dearest others that are in use
    bool is_whole = true;                ///< false: cheaper ones are in use, too, and not among them
};

/// `in_use` as the store gives them, the dearest first.
cost_cover cover(base::hash_cost const& today, std::vector<base::hash_cost> const& in_use);

enum class check_result : std::uint8_t {
    match,
    mismatch,
    unreadable,  ///< a mismatch: what is stored is no hash
    failed,      ///< no memory for one of the computations: says nothing about the password
};

/// Verifies a password against what is stored for an account; none: there is no account. Computes one hash of each cost
/// in `costs` in this order, the stored one in its turn and dummies in all others, and compares nothing before the last
/// is computed. A stored hash whose cost is not among them is computed in addition, at the end. Never throws.
check_result check_password(hash_function& function, std::optional<std::string> const& stored,
                            std::vector<base::hash_cost> costs, std::string_view password);

}  // namespace porter::detail::auth
