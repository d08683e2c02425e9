#pragma once

#include <algorithm>
#include <chrono>

namespace porter::detail {

/// The time at which a limit from now is over; the latest time for a limit beyond it, now for a negative one.
inline std::chrono::steady_clock::time_point time_after(std::chrono::nanoseconds limit)
{
    using clock = std::chrono::steady_clock;
    auto const now = clock::now();
    if (limit >= clock::time_point::max() - now) return clock::time_point::max();
    return now + std::chrono::ceil<clock::duration>(std::max(limit, std::chrono::nanoseconds::zero()));
}

}  // namespace porter::detail
