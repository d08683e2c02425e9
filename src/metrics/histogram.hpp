#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "metrics/counter.hpp"

namespace porter::detail::metrics {

/// How long something took: counts by the upper bounds of `bounds`, and the sum. Safe from any thread. Counts
/// that are read at the same time may lack an observation that the sum has.
class histogram {
public:
    using duration = std::chrono::nanoseconds;

    /// Inclusive upper bounds in microseconds: from a commit on a fast disk to a login that waits in a full queue.
    static constexpr std::array<std::uint64_t, 14> bounds{
        100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 5'000'000};

    void observe(duration took) noexcept
    {
        auto const length = std::max(took, duration{});
        auto const rounded_up = std::chrono::ceil<std::chrono::microseconds>(length).count();
        auto const bound = std::ranges::lower_bound(bounds, static_cast<std::uint64_t>(rounded_up));
        counts_[static_cast<std::size_t>(bound - bounds.begin())].add();
        sum_.add(static_cast<std::uint64_t>(length.count()));
    }

    /// The observations above the bound before, and not above bounds[index]; the last index is that of all the others.
    std::uint64_t count(std::size_t index) const noexcept { return counts_[index].value(); }
    duration sum() const noexcept { return duration{static_cast<duration::rep>(sum_.value())}; }

private:
    std::array<counter, bounds.size() + 1> counts_;
    counter sum_;
};

}  // namespace porter::detail::metrics
