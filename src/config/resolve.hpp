#pragma once

#include <string>
#include <vector>

#include "config/command_line.hpp"
#include "config/environment.hpp"
#include "config/porterd_options.hpp"

namespace porter::detail::config {

/// Puts porterd's options together: a flag beats the environment, that beats the file (--config or PORTERD_CONFIG),
/// that beats the default. All that any source says must be right, also what another one beats. Throws option_error:
/// usage for a flag's value, bad_configuration for others and for options that do not go together.
porterd_options resolve(command_line const& line, environment const& variables);

/// What a person should be told of the environment, a line each: a variable that looks like one of porterd's and is
/// none sets nothing. Others that begin with PORTERD_ are somebody else's, such as a service file's.
std::vector<std::string> misspelt_variables(environment const& variables);

/// The settings in force as a TOML file, each with a comment that says where it came from. A path that is not UTF-8
/// cannot stand in one: it is a comment, too.
std::string print_config(porterd_options const& options);

/// What --help prints.
std::string help_text();

}  // namespace porter::detail::config
