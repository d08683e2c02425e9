#include "auth/recent_throttles.hpp"

#include <algorithm>
#include <iterator>
#include <new>
#include <utility>

namespace porter::detail::auth {

bool recent_throttles::is_over(throttled_source const& one, base::timestamp now)
{
    return one.last_at + shortest_listing <= now && one.until.value_or(now) <= now;
}

/// Moves it to the front. Of too many the one denied longest ago goes.
throttled_source& recent_throttles::find_or_add(std::string_view network, std::string_view rule)
{
    auto const is_same = [&](throttled_source const& each) { return each.network == network && each.rule == rule; };
    auto found = std::ranges::find_if(sources_, is_same);
    if (found == sources_.end()) {
        throttled_source added;
        added.network = network;
        added.rule = rule;
        if (sources_.size() == size) sources_.pop_back();
        sources_.push_back(std::move(added));
        found = sources_.end() - 1;
    }
    std::rotate(sources_.begin(), found, found + 1);
    return sources_.front();
}

void recent_throttles::record(std::string_view network, std::string_view rule, std::chrono::seconds retry_after,
                              base::timestamp now) noexcept
{
    std::lock_guard const lock{mutex_};
    try {
        auto& one = find_or_add(network, rule);
        if (one.denied > 0 && is_over(one, now)) one.denied = 0;
        ++one.denied;
        one.last_at = now;
        one.until = retry_after.count() == 0 ? std::nullopt : std::optional{now + retry_after};
    } catch (std::bad_alloc const&) {  // the client is denied all the same
    }
}

std::vector<throttled_source> recent_throttles::list(base::timestamp now) const
{
    std::lock_guard const lock{mutex_};
    std::vector<throttled_source> found;
    std::ranges::remove_copy_if(sources_, std::back_inserter(found),
                                [now](throttled_source const& each) { return is_over(each, now); });
    return found;
}

}  // namespace porter::detail::auth
