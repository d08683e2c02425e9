#include "log/logger.hpp"

#include "log/format.hpp"

namespace porter {

std::string_view name_of(log_level level) noexcept
{
    switch (level) {
        case log_level::trace:
            return "trace";
        case log_level::debug:
            return "debug";
        case log_level::info:
            return "info";
        case log_level::warn:
            return "warn";
        case log_level::error:
            return "error";
    }
    return "unknown";
}

std::string log_field::value() const
{
    if (kind == kind_type::number) return std::to_string(number);
    if (kind != kind_type::seconds) return std::string{text};
    auto const milliseconds = std::to_string(1000 + number % 1000);
    return std::to_string(number / 1000) + "." + milliseconds.substr(1);
}

std::string to_line(log_record const& record, log_format format)
{
    return detail::log::format_line(format, detail::log::line_time_now(), record);
}

}  // namespace porter
