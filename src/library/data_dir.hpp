#pragma once

#include <filesystem>

#include "porter/server.hpp"

namespace porter::detail::library {

/// Fills in where the database and the log are. Throws start_error(configuration) when the options do not say.
server_options with_paths(server_options options);

/// Fills in where the database and the log are, and makes the data directory (mode 0700, whatever the umask says) with
/// those above it, if it is not there. Throws start_error: as with_paths(), and cannot_create when it cannot be made.
server_options settle_paths(server_options options);

/// Whether settle_paths() would succeed, without making anything. Throws what it would throw.
void check_data_dir(server_options const& settled);

}  // namespace porter::detail::library
