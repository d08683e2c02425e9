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

/// ISO 8601 in UTC. Years of more than four digits are written in full.
void append_time(std::string& line, line_time time)
{
    using namespace std::chrono;
    auto const day = floor<days>(time);
    year_month_day const date{day};
    hh_mm_ss const clock{time - day};
    fmt::format_to(std::back_inserter(line), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                   static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                   static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                   clock.seconds().count(), clock.subseconds().count());
}

/// False: the field is a text.
bool append_number(std::string& line, field const& each)
{
    if (each.style_ == field::style::number) {
        fmt::format_to(std::back_inserter(line), "{}", each.number);
    } else if (each.style_ == field::style::seconds) {
        fmt::format_to(std::back_inserter(line), "{}.{:03}", each.number / 1000, each.number % 1000);
    }
    return each.style_ == field::style::number || each.style_ == field::style::seconds;
}

void append_text_field(std::string& line, field const& each)
{
    assert(is_identifier(each.key));
    line.append(1, ' ').append(each.key).append(1, '=');
    if (append_number(line, each)) return;
    if (each.style_ == field::style::text) {
        append_text(line, each.text);
    } else {
        append_quoted(line, each.text);
    }
}

void append_json_field(std::string& line, field const& each)
{
    assert(is_identifier(each.key));
    fmt::format_to(std::back_inserter(line), ",\"{}\":", each.key);
    if (!append_number(line, each)) append_json(line, each.text);
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

void event_line::append_to(std::string& out, line_time time) const
{
    // Reserve first, so that no append can fail; twice the time's bytes, for years beyond 9999.
    out.reserve(out.size() + size() + time_bytes);
    out.append(text_, 0, time_at_);
    append_time(out, time);
    out.append(text_, time_at_).append(1, '\n');
}

event_line format_event(log_format format, level severity, std::string_view event, std::span<field const> peer,
                        std::initializer_list<field> fields)
{
    assert(is_identifier(event));
    std::string line;
    line.reserve(160);
    if (format == log_format::json) {
        line += "{\"time\":\"";
        auto const time_at = line.size();
        fmt::format_to(std::back_inserter(line), "\",\"level\":\"{}\",\"event\":\"{}\"", name_of(severity), event);
        for (auto const& each : peer) append_json_field(line, each);
        for (auto const& each : fields) append_json_field(line, each);
        line += '}';
        return {std::move(line), time_at};
    }
    line.append(1, ' ').append(name_of(severity)).append(1, ' ').append(event);
    for (auto const& each : peer) append_text_field(line, each);
    for (auto const& each : fields) append_text_field(line, each);
    return {std::move(line), 0};
}

std::string format_line(log_format format, line_time time, level severity, std::string_view event,
                        std::initializer_list<field> fields)
{
    std::string line;
    format_event(format, severity, event, {}, fields).append_to(line, time);
    line.pop_back();
    return line;
}

}  // namespace porter::detail::log
