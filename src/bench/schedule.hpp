#pragma once

#include <chrono>
#include <cstdint>

namespace porter::detail::bench {

/// The load's clock: CLOCK_MONOTONIC, as for timerfd_create(2).
using moment = std::chrono::steady_clock::time_point;

/// The schedule of an open loop: messages at equal distances, regardless of the server, distributed round-robin over
/// the lanes (the load threads). A latency from the scheduled time includes the wait for earlier messages; from the
/// time of sending it would hide a stall of the server ("coordinated omission").
class schedule {
public:
    /// `rate`: messages a second of all lanes together, above 0.
    schedule(double rate, moment start, std::uint64_t lane = 0, std::uint64_t lanes = 1)
        : distance_(1e9 / rate), start_(start), lane_(lane), lanes_(lanes)
    {}

    /// The time of this lane's message number `index` (from 0).
    moment planned(std::uint64_t index) const;

    /// The number of this lane's messages that are due at `now`, inclusive.
    std::uint64_t due(moment now) const;

private:
    double distance_;  // nanoseconds; the rounding error of a day is below a microsecond
    moment start_;
    std::uint64_t lane_;
    std::uint64_t lanes_;
};

}  // namespace porter::detail::bench
