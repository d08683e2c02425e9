#pragma once

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "log/logger.hpp"

namespace porter::detail::log {

/// The time of a log line, UTC.
using line_time = std::chrono::sys_time<std::chrono::milliseconds>;

/// The current time.
line_time line_time_now();

/// The formatted line of an event, without its time.
class event_line {
public:
    event_line(std::string text, std::size_t time_at) : text_(std::move(text)), time_at_(time_at) {}

    /// Bytes of the complete line, with its line feed.
    std::size_t size() const noexcept { return text_.size() + time_bytes + 1; }

    /// Appends the line with this time and a line feed. Throws std::bad_alloc; then `out` is unchanged.
    void append_to(std::string& out, line_time time) const;

private:
    /// For a year of four digits.
    static constexpr std::size_t time_bytes = 24;

    std::string text_;
    std::size_t time_at_;  // the offset of the time in text_
};

/// As format_line(), without the time, which append_to() inserts.
event_line format_event(log_format format, log_record const& record);

/// One event as one line without its line feed. The text form:
///
///     2026-11-22T16:01:02.123Z info login address=192.0.2.7 name="Alice" session=17
///
/// and the JSON form, with the fields as members after time, level and event:
///
///     {"time":"2026-11-22T16:01:02.123Z","level":"info","event":"login","address":"192.0.2.7"}
///
/// Values are escaped: the line contains no control characters, and a value cannot forge a field or a line. Event and
/// keys are literals of lower-case letters, digits and '_'; another character is written as '_'.
std::string format_line(log_format format, line_time time, log_record const& record);

/// The same for an event about no connection.
std::string format_line(log_format format, line_time time, level severity, std::string_view event,
                        std::initializer_list<field> fields);

}  // namespace porter::detail::log
