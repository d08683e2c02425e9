#pragma once

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "config/option_error.hpp"
#include "config/resolve.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace porter::detail::config {

using variables = std::map<std::string, std::string>;

/// A configuration file that is removed at the end of the test.
struct config_file {
    explicit config_file(std::string const& content) { std::ofstream{path, std::ios::binary} << content; }

    porter::testing::temporary_folder folder;
    std::string path = (folder.path() / "porterd.toml").string();
};

/// The options of porterd with these arguments and variables; HOME is /home/alice unless it is given.
inline porterd_options options_of(std::vector<std::string> arguments, variables given = {})
{
    given.emplace("HOME", "/home/alice");
    return resolve(parse_command_line(std::move(arguments)), environment{given});
}

/// "EXIT CODE: LINE" of the option_error that a function throws, or "no problem".
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
