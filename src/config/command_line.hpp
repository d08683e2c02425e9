#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/option.hpp"

namespace porter::detail::config {

/// What stands on porterd's command line.
struct command_line {
    bool help = false;
    bool version = false;
    std::optional<std::string> config_file;
    std::vector<setting> settings;
};

/// Reads the arguments (without the program's name). Values are not looked at yet. Throws option_error(usage).
command_line parse_command_line(std::vector<std::string> arguments);

}  // namespace porter::detail::config
