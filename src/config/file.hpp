#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/option.hpp"

namespace porter::detail::config {

/// Reads a configuration file. Throws option_error: not_found if it does not exist; bad_configuration, with
/// file:line:column, if it cannot be read, is not TOML, or has an unknown key or a value of the wrong type.
std::vector<setting> read_file(std::filesystem::path const& path);

/// The same for the text of a file. `name` is the file's name in errors and origins.
std::vector<setting> read_toml(std::string_view text, std::string_view name);

}  // namespace porter::detail::config
