#pragma once

#include <chrono>
#include <cstdint>

namespace porter::detail::bench {

/// The load's time, and what timerfd_create(2) calls CLOCK_MONOTONIC.
using moment = std::chrono::steady_clock::time_point;

/// When the messages of an open loop are to be sent, whatever the server does: at equal distances, dealt out in turn to
/// the lanes (the load threads). A latency that is counted from the planned time holds the time that a message had to
/// wait for the ones before it; counted from the time it was really sent, a server that stalls would hide its own stall
/// ("coordinated omission").
class schedule {
public:
    /// `rate`: messages a second of all lanes together, above 0.
    schedule(double rate, moment start, std::uint64_t lane = 0, std::uint64_t lanes = 1)
        : distance_(1e9 / rate), start_(start), lane_(lane), lanes_(lanes)
    {}

    /// When this lane's message number `index` (from 0) is to be sent.
    moment planned(std::uint64_t index) const;

    /// How many of this lane's messages are to be sent by now, the one of this very moment included.
    std::uint64_t due(moment now) const;

private:
    double distance_;  // nanoseconds; what its rounding loses in a day is below a microsecond
    moment start_;
    std::uint64_t lane_;
    std::uint64_t lanes_;
};

}  // namespace porter::detail::bench
