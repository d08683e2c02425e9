#include "auth/password_check.hpp"

#include <algorithm>

#include "store/limits.hpp"

namespace porter::detail::auth {

// The covered ones, the current one, and one that shows that there are more.
static_assert(store::hash_costs_at_once == covered_costs + 2);

cost_cover cover(base::hash_cost const& today, std::vector<base::hash_cost> const& in_use)
{
    cost_cover result;
    result.costs.push_back(today);
    for (auto const& cost : in_use) {
        if (cost == today) continue;
        result.is_whole = result.costs.size() <= covered_costs;
        if (!result.is_whole) break;
        result.costs.push_back(cost);
    }
    return result;
}

check_result check_password(hash_function& function, std::optional<std::string> const& stored,
                            std::vector<base::hash_cost> costs, std::string_view password)
{
    using verify_result = hash_function::verify_result;
    auto const own = stored ? function.cost_of(*stored) : std::nullopt;
    if (own && std::ranges::find(costs, *own) == costs.end()) costs.push_back(*own);
    bool has_failed = false;
    auto of_own = verify_result::mismatch;
    for (auto const& cost : costs) {
        bool const is_own = own == cost;
        auto const computed = function.verify(is_own ? *stored : function.dummy_hash(cost), password);
        has_failed = has_failed || computed == verify_result::failed;
        if (is_own) of_own = computed;
    }
    // The hash of an imported account, or text that is not computed.
    if (stored && !own) of_own = function.verify(*stored, password);
    if (has_failed || of_own == verify_result::failed) return check_result::failed;
    if (of_own == verify_result::unreadable) return check_result::unreadable;
    return of_own == verify_result::match ? check_result::match : check_result::mismatch;
}

}  // namespace porter::detail::auth
