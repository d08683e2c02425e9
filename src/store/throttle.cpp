#include "store/throttle.hpp"

#include <algorithm>

#include "porter/store/limits.hpp"

namespace porter::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How much older than another failure a request may be that is decided after it: it has waited for the database.
constexpr milliseconds longest_wait{60'000};

/// The remaining part of a duration that began at `since`; none if that lies far in the future.
milliseconds remaining(milliseconds duration, instant since, instant now) noexcept
{
    auto const passed = now - since;
    if (passed >= duration || passed <= -std::max(duration, longest_wait)) return milliseconds{0};
    return duration - std::max(passed, milliseconds{0});
}

milliseconds pause_after(std::uint32_t failures, throttle_rules const& rules) noexcept
{
    if (failures < rules.free_failures) return milliseconds{0};
    auto const step = std::min<std::size_t>(failures - rules.free_failures, rules.pauses.size() - 1);
    return rules.pauses[step];
}

}  // namespace

decision decide(attempt_history const& history, throttle_rules const& rules, instant now) noexcept
{
    using enum decision::rule;
    if (history.failures.failures >= rules.locked_after) return {account_locked, seconds{0}};
    auto const account_wait =
        remaining(pause_after(history.failures.failures, rules), history.failures.last_failed_at, now);
    milliseconds network_wait{0};
    if (history.network_full_since) network_wait = remaining(rules.network_window, *history.network_full_since, now);
    milliseconds registration_wait{0};
    if (history.registrations_full_since)
        registration_wait = remaining(registration_window, *history.registrations_full_since, now);
    if (registration_wait > std::max(account_wait, network_wait))
        return {registrations_used_up, std::chrono::ceil<seconds>(registration_wait)};
    if (account_wait == milliseconds{0} && network_wait == milliseconds{0}) return {};
    // Report the longer of the two waits: otherwise a retry would hit the other limit.
    return {account_wait >= network_wait ? account_paused : network_throttled,
            std::chrono::ceil<seconds>(std::max(account_wait, network_wait))};
}

}  // namespace porter::store
