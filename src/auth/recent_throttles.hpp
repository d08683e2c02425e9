#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace porter::detail::auth {

/// A network that a rule has throttled.
struct throttled_source {
    std::string network;
    std::string_view rule;  ///< as the event `throttled` of the log names it
    std::uint64_t denied = 0;
    std::optional<base::timestamp> until{};  ///< none: waiting does not help
    base::timestamp last_at{};               ///< of the last denial
};

/// The networks that were throttled last, with the rules that did it: what this server has denied, whatever the store.
/// Bounded, so that an attack from many networks costs nothing more. Safe from any thread.
class recent_throttles {
public:
    static constexpr std::size_t size = 50;

    /// How long a denial is listed at least: a pause of a second would be over before anyone has seen it.
    static constexpr std::chrono::minutes shortest_listing{5};

    /// Counts a denial. `rule` is a literal; `retry_after` 0: waiting does not help. Without memory it is not listed.
    void record(std::string_view network, std::string_view rule, std::chrono::seconds retry_after,
                base::timestamp now) noexcept;

    /// Those that have to wait still or were denied of late, the one denied last first.
    std::vector<throttled_source> list(base::timestamp now) const;

private:
    static bool is_over(throttled_source const& one, base::timestamp now);
    throttled_source& find_or_add(std::string_view network, std::string_view rule);

    mutable std::mutex mutex_;
    std::vector<throttled_source> sources_;  // the one denied last first
};

}  // namespace porter::detail::auth
