#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "config/option_error.hpp"
#include "config/values.hpp"

namespace porter::programs {

/// How long a code is valid: --for, or `otherwise` if it is not given. Throws config::option_error.
inline std::chrono::seconds validity_of(std::optional<std::string> const& typed, std::chrono::seconds otherwise)
{
    if (!typed) return otherwise;
    auto const parsed = detail::config::parse_duration(*typed);
    auto const usage_error = [](std::string const& line) {
        return detail::config::option_error{detail::config::exit_code::usage, "--for: " + line};
    };
    if (!parsed) throw usage_error(parsed.error());
    auto const seconds = std::chrono::floor<std::chrono::seconds>(*parsed);
    constexpr std::chrono::days longest{3650};
    if (seconds.count() == 0 || seconds > longest) throw usage_error("a code is valid for 1 s to 3650 d");
    return seconds;
}

}  // namespace porter::programs
