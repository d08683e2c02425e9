#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/option.hpp"

namespace porter::detail::config {

/// Reads a configuration file. Throws option_error: not_found when there is none, bad_configuration when it cannot be
/// read, is no TOML, has a key that is no option, or a value of the wrong type; with file:line:column.
std::vector<setting> read_file(std::filesystem::path const& path);

/// The same for the text of a file. `name` stands for the file in errors and origins.
std::vector<setting> read_toml(std::string_view text, std::string_view name);

}  // namespace porter::detail::config
