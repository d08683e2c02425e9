#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/command_line.hpp"
#include "config/environment.hpp"
#include "config/porterd_options.hpp"

namespace porter::detail::config {

/// What the options are for.
enum class purpose : std::uint8_t {
    service,         ///< a server, which has a log and a key
    administration,  ///< a program that uses the database alone: without --data-dir, a database needs no folder
};

/// Combines porterd's options: flags override the environment, which overrides the file (--config or PORTERD_CONFIG),
/// which overrides the defaults. Overridden values must be valid, too. Throws option_error: usage for a flag's value,
/// bad_configuration for other values and for options that exclude each other.
porterd_options resolve(command_line const& line, environment const& variables, purpose use = purpose::service);

/// Warnings, a line each, about environment variables whose names are close to porterd's. Other names that begin with
/// PORTERD_ may be another program's, such as a service file's.
std::vector<std::string> misspelt_variables(environment const& variables);

/// The settings as a TOML file, each with its origin in a comment. A path that is not UTF-8, which TOML cannot contain,
/// is printed as a comment.
std::string print_config(porterd_options const& options);

/// The text of --help.
std::string help_text();

}  // namespace porter::detail::config
