#pragma once

#include <atomic>
#include <chrono>

#include "porter/clock.hpp"

namespace porter::testing {

/// A clock that changes only when the test sets it. It starts at 2026-01-01 00:00:00 UTC. All members may be called
/// from any thread.
class manual_clock final : public clock {
public:
    /// The time that was set.
    timestamp now() const override { return now_.load(); }

    /// Moves the clock forward.
    void advance(std::chrono::seconds by) { now_ = now_.load() + by; }
    /// Moves the clock back, as an administrator may do.
    void set_back(std::chrono::seconds by) { now_ = now_.load() - by; }

private:
    std::atomic<timestamp> now_{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
};

}  // namespace porter::testing
