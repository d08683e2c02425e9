#include "log/format.hpp"

#include <fmt/format.h>

#include <cassert>
#include <iterator>

#include "log/escape.hpp"

namespace porter::detail::log {
namespace {

[[maybe_unused]] bool is_identifier(std::string_view word)
{
    return !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

/// ISO 8601 in UTC. A time beyond the four-digit years would be a broken clock; it is shown as it is.
void append_time(std::string& line, line_time when)
{
    using namespace std::chrono;
    auto const day = floor<days>(when);
    year_month_day const date{day};
    hh_mm_ss const time{when - day};
    fmt::format_to(std::back_inserter(line), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                   static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                   static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(),
                   time.seconds().count(), time.subseconds().count());
}

/// False: the field is a text.
bool append_number(std::string& line, field const& one)
{
    if (one.style_ == field::style::number) {
        fmt::format_to(std::back_inserter(line), "{}", one.number);
    } else if (one.style_ == field::style::seconds) {
        fmt::format_to(std::back_inserter(line), "{}.{:03}", one.number / 1000, one.number % 1000);
    }
    return one.style_ == field::style::number || one.style_ == field::style::seconds;
}

void append_text_field(std::string& line, field const& one)
{
    assert(is_identifier(one.key));
    line.append(1, ' ').append(one.key).append(1, '=');
    if (append_number(line, one)) return;
    if (one.style_ == field::style::text) {
        append_text(line, one.text);
    } else {
        append_quoted(line, one.text);
    }
}

void append_json_field(std::string& line, field const& one)
{
    assert(is_identifier(one.key));
    fmt::format_to(std::back_inserter(line), ",\"{}\":", one.key);
    if (!append_number(line, one)) append_json(line, one.text);
}

}  // namespace

std::string_view name_of(level severity) noexcept
{
    switch (severity) {
        case level::trace:
            return "trace";
        case level::debug:
            return "debug";
        case level::info:
            return "info";
        case level::warn:
            return "warn";
        case level::error:
            return "error";
    }
    return "unknown";
}

line_time line_time_now()
{
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

void event_line::append_to(std::string& to, line_time when) const
{
    // All that is needed at once, so that nothing can fail half-way; more for years beyond 9999.
    to.reserve(to.size() + size() + time_bytes);
    to.append(text_, 0, time_at_);
    append_time(to, when);
    to.append(text_, time_at_).append(1, '\n');
}

event_line format_event(log_format form, level severity, std::string_view event, std::span<field const> peer,
                        std::initializer_list<field> fields)
{
    assert(is_identifier(event));
    std::string line;
    line.reserve(160);
    if (form == log_format::json) {
        line += "{\"time\":\"";
        auto const time_at = line.size();
        fmt::format_to(std::back_inserter(line), "\",\"level\":\"{}\",\"event\":\"{}\"", name_of(severity), event);
        for (auto const& one : peer) append_json_field(line, one);
        for (auto const& one : fields) append_json_field(line, one);
        line += '}';
        return {std::move(line), time_at};
    }
    line.append(1, ' ').append(name_of(severity)).append(1, ' ').append(event);
    for (auto const& one : peer) append_text_field(line, one);
    for (auto const& one : fields) append_text_field(line, one);
    return {std::move(line), 0};
}

std::string format_line(log_format form, line_time when, level severity, std::string_view event,
                        std::initializer_list<field> fields)
{
    std::string line;
    format_event(form, severity, event, {}, fields).append_to(line, when);
    line.pop_back();
    return line;
}

}  // namespace porter::detail::log
