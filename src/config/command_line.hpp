#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/option.hpp"

namespace porter::detail::config {

/// porterd's command line.
struct command_line {
    bool help = false;
    bool version = false;
    std::optional<std::string> config_file;
    std::vector<setting> settings;
};

/// Reads the arguments (without the program's name). Does not check the values. Throws option_error(usage).
command_line parse_command_line(std::vector<std::string> arguments);

}  // namespace porter::detail::config
