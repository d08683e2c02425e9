#pragma once

#include <optional>
#include <string>

#include "programs/porterctl/command.hpp"

namespace porter::programs {

/// The hash of a new password for an account of this name. The password is read from --password-file, asked twice on a
/// terminal until it meets the rules, or read from standard input. None: the question was cancelled. Throws
/// config::option_error: bad_data if the password breaks a rule, not_found if the file cannot be read, io if the
/// password list cannot be searched; start_error(configuration) if it is no list.
std::optional<std::string> hash_of_new_password(context const& ctx, std::string const& name);

}  // namespace porter::programs
