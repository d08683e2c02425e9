#pragma once

#include <atomic>
#include <cstdint>

#include "bench/histogram.hpp"
#include "bench/schedule.hpp"

namespace porter::detail::bench {

/// When the figures are taken: after the warm-up, before the load ends.
struct window {
    moment start{};
    moment stop{};

    bool holds(moment when) const noexcept { return when >= start && when < stop; }
};

/// What one load thread writes down of the messages (or visits) that are done.
class recorder {
public:
    /// `planned`: open loop. There a message belongs to the window that it was planned in, so that no stall can move it
    /// out of the figures; in a closed loop to the one in which it came back.
    recorder(window when, bool planned) noexcept : when_(when), planned_(planned) {}

    void record(moment began, moment done) noexcept
    {
        // One writer: a load and a store are enough, and cheaper than an addition that others could disturb.
        done_.store(done_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        if (when_.holds(done)) ++done_within_;
        if (when_.holds(planned_ ? began : done)) latencies_.record(done - began);
    }

    /// All that were done so far, the warm-up included. May be read by another thread at any time.
    std::uint64_t done() const noexcept { return done_.load(std::memory_order_relaxed); }
    /// Those that were done within the window: the rate.
    std::uint64_t done_within() const noexcept { return done_within_; }
    histogram const& latencies() const noexcept { return latencies_; }

private:
    window when_;
    bool planned_;
    std::atomic<std::uint64_t> done_{0};
    std::uint64_t done_within_ = 0;
    histogram latencies_;
};

}  // namespace porter::detail::bench
