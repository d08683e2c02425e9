#pragma once

#include <chrono>
#include <cstdint>

namespace porter::detail::base {

/// A wall-clock moment with the precision that is stored and sent: whole seconds since the Unix epoch, UTC.
using timestamp = std::chrono::sys_seconds;

/// A moment as finely as pauses of a second need it.
using instant = std::chrono::sys_time<std::chrono::milliseconds>;

/// As times stand on the wire and in the store.
inline std::uint64_t seconds_since_epoch(timestamp when) noexcept
{
    return static_cast<std::uint64_t>(when.time_since_epoch().count());
}

/// Where rooms read the time, so that tests decide what time it is. Safe to read from any thread.
class clock {
public:
    virtual ~clock() = default;
    virtual timestamp now() const = 0;
    /// The same moment, not rounded to a second, where the clock can tell.
    virtual instant now_precise() const { return now(); }
};

/// The machine's own clock.
class system_clock final : public clock {
public:
    timestamp now() const override
    {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }
    instant now_precise() const override
    {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

}  // namespace porter::detail::base
