#include "log/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>

#include "log/escape.hpp"

namespace porter::detail::log {
namespace {

/// Appends an event's name or a key. Those of services are not in our hands, and must not forge a field either.
void append_identifier(std::string& line, std::string_view word)
{
    auto const start = line.size();
    line += word.empty() ? std::string_view{"_"} : word;
    auto const is_allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    std::replace_if(line.begin() + static_cast<std::ptrdiff_t>(start), line.end(), std::not_fn(is_allowed), '_');
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
    bool const is_number = each.kind == field::kind_type::number || each.kind == field::kind_type::seconds;
    if (is_number) line += each.value();
    return is_number;
}

void append_text_field(std::string& line, field const& each)
{
    line += ' ';
    append_identifier(line, each.key);
    line += '=';
    if (append_number(line, each)) return;
    if (each.kind == field::kind_type::text) {
        append_text(line, each.text);
    } else {
        append_quoted(line, each.text);
    }
}

void append_json_field(std::string& line, field const& each)
{
    line += ",\"";
    append_identifier(line, each.key);
    line += "\":";
    if (!append_number(line, each)) append_json(line, each.text);
}

}  // namespace

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

event_line format_event(log_format format, log_record const& record)
{
    std::string line;
    line.reserve(160);
    if (format == log_format::json) {
        line += "{\"time\":\"";
        auto const time_at = line.size();
        line.append("\",\"level\":\"").append(name_of(record.level)).append("\",\"event\":\"");
        append_identifier(line, record.event);
        line += '"';
        for (auto const& each : record.peer) append_json_field(line, each);
        for (auto const& each : record.fields) append_json_field(line, each);
        line += '}';
        return {std::move(line), time_at};
    }
    line.append(1, ' ').append(name_of(record.level)).append(1, ' ');
    append_identifier(line, record.event);
    for (auto const& each : record.peer) append_text_field(line, each);
    for (auto const& each : record.fields) append_text_field(line, each);
    return {std::move(line), 0};
}

std::string format_line(log_format format, line_time time, log_record const& record)
{
    std::string line;
    format_event(format, record).append_to(line, time);
    line.pop_back();
    return line;
}

std::string format_line(log_format format, line_time time, level severity, std::string_view event,
                        std::initializer_list<field> fields)
{
    return format_line(format, time, log_record{severity, event, {}, {fields.begin(), fields.size()}});
}

}  // namespace porter::detail::log
