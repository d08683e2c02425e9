#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/option_error.hpp"
#include "config/resolve.hpp"
#include "support/catch.hpp"

namespace porter::detail::config {

using variables = std::map<std::string, std::string>;

/// The options that porterd has with these arguments and variables (and a home, if they say nothing of one).
inline porterd_options options_of(std::vector<std::string> arguments, variables given = {})
{
    given.emplace("HOME", "/home/alice");
    return resolve(parse_command_line(std::move(arguments)), environment{given});
}

/// "EXIT CODE: LINE" of the problem that a function throws, or "no problem".
template <typename Function>
std::string problem_of(Function&& function)
{
    try {
        function();
    } catch (option_error const& thrown) {
        return std::to_string(static_cast<int>(thrown.exit())) + ": " + thrown.what();
    }
    return "no problem";
}

inline std::string problem_with(std::vector<std::string> const& arguments, variables const& given = {})
{
    return problem_of([&] { options_of(arguments, given); });
}

}  // namespace porter::detail::config
