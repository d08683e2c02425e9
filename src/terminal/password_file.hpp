#pragma once

#include <functional>
#include <string>

#include "base/secret.hpp"
#include "config/option_error.hpp"
#include "porter/error.hpp"

namespace porter::detail::terminal {

/// The password in a file of one line; its line end and a byte order mark are no part of it. Errors: not_found when the
/// file cannot be read, bad_data when it is not one line with a password. `warn` gets a line about a file that other
/// users have access to.
result<base::secret, config::option_error> read_password_file(std::string const& path,
                                                              std::function<void(std::string const&)> const& warn = {});

/// The same from standard input, to its end.
result<base::secret, config::option_error> read_password_from_input();

}  // namespace porter::detail::terminal
