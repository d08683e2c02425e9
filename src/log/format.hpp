#pragma once

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "log/logger.hpp"

namespace porter::detail::log {

/// A moment with the precision of a log line, UTC.
using line_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// The level as it stands in a line: "trace", "debug", "info", "warn", "error".
std::string_view name_of(level severity) noexcept;

/// The time now, as a line has it.
line_time line_time_now();

/// The line of an event that lacks its time yet.
class event_line {
public:
    event_line(std::string text, std::size_t time_at) : text_(std::move(text)), time_at_(time_at) {}

    /// Bytes of the whole line, with its line feed.
    std::size_t size() const noexcept { return text_.size() + time_bytes + 1; }

    /// Appends the whole line, with its line feed. Throws std::bad_alloc; then `to` is as before.
    void append_to(std::string& to, line_time when) const;

private:
    /// Of a time with a year of four digits.
    static constexpr std::size_t time_bytes = 24;

    std::string text_;
    std::size_t time_at_;
};

/// What format_line() makes, but for the time, which append_to() puts in.
event_line format_event(log_format form, level severity, std::string_view event, std::span<field const> peer,
                        std::initializer_list<field> fields);

/// One event as one line without its line feed. The text form:
///
///     2026-11-22T16:01:02.123Z info login address=192.0.2.7 name="Alice" session=17
///
/// and the JSON form, with the fields as members behind time, level and event:
///
///     {"time":"2026-11-22T16:01:02.123Z","level":"info","event":"login","address":"192.0.2.7"}
///
/// Whatever the fields' values are, the line holds no control character and each value ends where it ends: nobody
/// can forge a field or a line. Event and keys are ours: lower-case letters, digits and '_' (asserted).
std::string format_line(log_format form, line_time when, level severity, std::string_view event,
                        std::initializer_list<field> fields);

}  // namespace porter::detail::log
