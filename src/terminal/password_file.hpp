#pragma once

#include <functional>
#include <string>

#include "base/secret.hpp"
#include "config/option_error.hpp"
#include "porter/result.hpp"

namespace porter::detail::terminal {

/// Reads the password in a file of one line, without line end and byte order mark. Errors: not_found: the file cannot
/// be read; bad_data: it is not one line with a password. `warn` is called with a line about a file that other users
/// can access.
result<base::secret, config::option_error> read_password_file(std::string const& path,
                                                              std::function<void(std::string const&)> const& warn = {});

/// The same for a file with the code of an invitation or a reset; the errors say so.
result<base::secret, config::option_error> read_code_file(std::string const& path,
                                                          std::function<void(std::string const&)> const& warn = {});

/// As read_password_file(), from standard input, to its end.
result<base::secret, config::option_error> read_password_from_input();

}  // namespace porter::detail::terminal
