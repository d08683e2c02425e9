#include "bench/schedule.hpp"

namespace porter::detail::bench {

moment schedule::planned(std::uint64_t index) const
{
    auto const distances = static_cast<double>(index * lanes_ + lane_);
    return start_ + std::chrono::nanoseconds{static_cast<std::chrono::nanoseconds::rep>(distances * distance_)};
}

std::uint64_t schedule::due(moment now) const
{
    if (now < planned(0)) return 0;
    auto const elapsed = std::chrono::duration<double, std::nano>(now - planned(0)).count();
    auto guess = static_cast<std::uint64_t>(elapsed / (distance_ * static_cast<double>(lanes_)));
    // The quotient may be off by one in its last digit: planned() decides, so that the two never disagree.
    while (guess > 0 && planned(guess) > now) --guess;
    while (planned(guess + 1) <= now) ++guess;
    return guess + 1;
}

}  // namespace porter::detail::bench
