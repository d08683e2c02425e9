#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace porter::detail::store::postgres {

/// The pauses between attempts to connect: random in the upper half of a span that doubles, so that the connections of
/// many servers do not come back at the same moment.
class reconnect_pause {
public:
    reconnect_pause(std::chrono::milliseconds shortest, std::chrono::milliseconds longest)
        : shortest_(shortest), longest_(longest), span_(shortest), random_(std::random_device{}())
    {}

    std::chrono::milliseconds next()
    {
        auto const span = span_;
        span_ = std::min(span_ * 2, longest_);
        return std::chrono::milliseconds{
            std::uniform_int_distribution<std::int64_t>{span.count() / 2, span.count()}(random_)};
    }

    void reset() noexcept { span_ = shortest_; }

private:
    std::chrono::milliseconds const shortest_;
    std::chrono::milliseconds const longest_;
    std::chrono::milliseconds span_;
    std::minstd_rand random_;
};

}  // namespace porter::detail::store::postgres
