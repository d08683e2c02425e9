#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace porter::detail::bench {

/// Counts durations without keeping them, as Gil Tene's HdrHistogram does: each power of two of nanoseconds has 128
/// equal steps, so a value read back is at most 1/128 (0.8 %) above the one recorded, from a nanosecond to centuries.
/// 58 KiB.
class histogram {
public:
    using duration = std::chrono::nanoseconds;

    /// A negative duration counts as 0.
    void record(duration value) noexcept;

    /// Adds another histogram's counts.
    void merge(histogram const& other) noexcept;

    std::uint64_t count() const noexcept { return count_; }

    /// The least value that at least `percent` % of the values do not exceed; 0 if nothing was recorded.
    /// `at(100)` is the greatest value, exactly.
    duration at(double percent) const noexcept;

    duration greatest() const noexcept { return duration{greatest_}; }
    duration mean() const noexcept;

private:
    using number = duration::rep;
    static constexpr unsigned step_bits = 7;
    static constexpr std::size_t steps = std::size_t{1} << step_bits;
    static constexpr std::size_t slots = (63 - step_bits + 1) * steps;  // the sign takes one of the 64 bits

    static std::size_t slot_of(number value) noexcept;
    static number last_in(std::size_t slot) noexcept;

    std::array<std::uint64_t, slots> counts_{};
    std::uint64_t count_ = 0;
    number greatest_ = 0;
    double sum_ = 0;
};

}  // namespace porter::detail::bench
