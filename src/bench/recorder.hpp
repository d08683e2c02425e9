#pragma once

#include <atomic>
#include <cstdint>

#include "bench/histogram.hpp"
#include "bench/schedule.hpp"

namespace porter::detail::bench {

/// The time that is measured: from the warm-up to the end of the load.
struct window {
    moment start{};
    moment stop{};

    bool contains(moment time) const noexcept { return time >= start && time < stop; }
};

/// Records the messages or short connections that a load thread has completed.
class recorder {
public:
    /// In the open loop a message belongs to the window that contains its scheduled time, so that a stall cannot move
    /// it out of the figures; in the closed loop to the window that contains its completion.
    recorder(bench::window window, bool is_open_loop) noexcept : window_(window), is_open_loop_(is_open_loop) {}

    void record(moment started, moment done) noexcept
    {
        // There is one writer, so a load and a store suffice; they are cheaper than an atomic addition.
        done_.store(done_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        if (window_.contains(done)) ++done_within_;
        if (window_.contains(is_open_loop_ ? started : done)) latencies_.record(done - started);
    }

    /// All completed so far, with the warm-up. From any thread.
    std::uint64_t done() const noexcept { return done_.load(std::memory_order_relaxed); }
    /// Those completed within the window, for the rate.
    std::uint64_t done_within() const noexcept { return done_within_; }
    histogram const& latencies() const noexcept { return latencies_; }

private:
    window window_;
    bool is_open_loop_;
    std::atomic<std::uint64_t> done_{0};
    std::uint64_t done_within_ = 0;
    histogram latencies_;
};

}  // namespace porter::detail::bench
