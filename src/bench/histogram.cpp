#include "bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace porter::detail::bench {

std::size_t histogram::slot_of(number value) noexcept
{
    auto const bits = static_cast<std::uint64_t>(value);
    if (bits < steps) return bits;
    auto const shift = static_cast<unsigned>(std::bit_width(bits)) - 1 - step_bits;
    return (shift + 1) * steps + ((bits >> shift) - steps);
}

histogram::number histogram::last_in(std::size_t slot) noexcept
{
    if (slot < steps) return static_cast<number>(slot);
    auto const shift = slot / steps - 1;
    return static_cast<number>(((std::uint64_t{slot % steps} + steps + 1) << shift) - 1);
}

void histogram::record(duration value) noexcept
{
    auto const nanoseconds = std::max(value.count(), number{0});
    ++counts_[slot_of(nanoseconds)];
    ++count_;
    greatest_ = std::max(greatest_, nanoseconds);
    sum_ += static_cast<double>(nanoseconds);
}

void histogram::merge(histogram const& other) noexcept
{
    for (std::size_t i = 0; i < slots; ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    greatest_ = std::max(greatest_, other.greatest_);
    sum_ += other.sum_;
}

histogram::duration histogram::at(double percent) const noexcept
{
    auto const share = std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count_);
    auto const rank =
        std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(share)), 1, std::max<std::uint64_t>(count_, 1));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < slots; ++i) {
        seen += counts_[i];
        if (seen >= rank) return duration{std::min(last_in(i), greatest_)};
    }
    return duration{0};
}

histogram::duration histogram::mean() const noexcept
{
    if (count_ == 0) return duration{0};
    return duration{static_cast<number>(sum_ / static_cast<double>(count_))};
}

}  // namespace porter::detail::bench
