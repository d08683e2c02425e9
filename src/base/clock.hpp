#pragma once

#include <chrono>
#include <cstdint>

namespace porter::detail::base {

/// Wall-clock time as stored and sent: whole seconds since the Unix epoch, UTC.
using timestamp = std::chrono::sys_seconds;

/// Wall-clock time in milliseconds, for delays of about a second.
using instant = std::chrono::sys_time<std::chrono::milliseconds>;

/// The format of times on the wire and in the store.
inline std::uint64_t seconds_since_epoch(timestamp time) noexcept
{
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

/// The source of wall-clock time; tests replace it. May be read from any thread.
class clock {
public:
    virtual ~clock() = default;
    virtual timestamp now() const = 0;
    /// The same time in milliseconds, if the clock has them.
    virtual instant now_precise() const { return now(); }
};

/// The system's clock.
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
