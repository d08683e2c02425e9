#pragma once

#include <string>

#include "base/secret.hpp"
#include "config/problem.hpp"
#include "porter/error.hpp"

namespace porter::rooms::terminal {

/// The password in a file of one line; its line end is no part of it. Errors: not_found when the file cannot be read,
/// bad_data when it is not one line with a password.
result<base::secret, config::problem> read_password_file(std::string const& path);

/// The same from standard input, to its end.
result<base::secret, config::problem> read_password_from_input();

}  // namespace porter::rooms::terminal
