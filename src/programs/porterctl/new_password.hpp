#pragma once

#include <optional>
#include <string>

#include "programs/porterctl/command.hpp"

namespace porter::programs {

/// The hash of a new password for somebody of this name: from --password-file, asked twice on a terminal until it is
/// good, or read from standard input. None: the person left. Throws config::option_error: bad_data when the password
/// breaks a rule, not_found when the file cannot be read, io when the password list cannot; start_error(configuration)
/// when that is none.
std::optional<std::string> hash_of_new_password(context const& given, std::string const& name);

}  // namespace porter::programs
