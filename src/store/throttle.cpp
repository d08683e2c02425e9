#include "store/throttle.hpp"

#include <algorithm>

#include "store/limits.hpp"

namespace porter::detail::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What is left of a time that began at `since`; nothing of one that seems to begin far in the future.
milliseconds left_of(milliseconds whole, base::instant since, base::instant now) noexcept
{
    auto const passed = now - since;
    if (passed >= whole || passed <= -whole) return milliseconds{0};
    // What looks a moment younger than now came from another thread, or the clock was put right.
    return whole - std::max(passed, milliseconds{0});
}

milliseconds pause_after(std::uint32_t failures, throttle_rules const& rules) noexcept
{
    if (failures < rules.free_failures) return milliseconds{0};
    auto const step = std::min<std::size_t>(failures - rules.free_failures, rules.pauses.size() - 1);
    return rules.pauses[step];
}

}  // namespace

decision decide(attempt_history const& found, throttle_rules const& rules, base::instant now) noexcept
{
    using enum decision::rule;
    if (found.failures.failures >= rules.locked_after) return {account_locked, seconds{0}};
    auto const paused = left_of(pause_after(found.failures.failures, rules), found.failures.last_failed_at, now);
    milliseconds shut{0};
    if (found.network_full_since) shut = left_of(rules.network_window, *found.network_full_since, now);
    milliseconds used_up{0};
    if (found.registrations_full_since) used_up = left_of(registration_window, *found.registrations_full_since, now);
    if (used_up > std::max(paused, shut)) return {registrations_used_up, std::chrono::ceil<seconds>(used_up)};
    if (paused == milliseconds{0} && shut == milliseconds{0}) return {};
    // Of two reasons the one that lasts longer: who comes back then is not refused for the other.
    return {paused >= shut ? account_paused : network_throttled, std::chrono::ceil<seconds>(std::max(paused, shut))};
}

}  // namespace porter::detail::store
