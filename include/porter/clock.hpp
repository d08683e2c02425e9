#pragma once

#include <chrono>

namespace porter {

/// Wall-clock time as stored and sent: whole seconds since the Unix epoch, UTC.
using timestamp = std::chrono::sys_seconds;

/// Wall-clock time in milliseconds, for delays of about a second.
using instant = std::chrono::sys_time<std::chrono::milliseconds>;

/// The source of wall-clock time, by which a server dates and ends sessions, slows down guesses at passwords and judges
/// certificates. Timeouts of connections do not follow it: they are measured by std::chrono::steady_clock.
///
/// Threads: may be read from any thread, at the same time. It must not throw.
class clock {
public:
    clock() = default;
    virtual ~clock() = default;
    clock(clock const&) = delete;
    clock& operator=(clock const&) = delete;

    /// The time in whole seconds.
    virtual timestamp now() const = 0;
    /// The same time in milliseconds, if the clock has them.
    virtual instant now_precise() const { return now(); }
};

/// The system's clock.
class system_clock final : public clock {
public:
    /// std::chrono::system_clock in whole seconds.
    timestamp now() const override
    {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }
    /// The same in milliseconds.
    instant now_precise() const override
    {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

}  // namespace porter
