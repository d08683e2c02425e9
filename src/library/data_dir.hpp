#pragma once

#include <filesystem>

#include "porter/server.hpp"

namespace porter::detail::library {

/// Sets the paths of the database and the log if they are empty and these are not replaced by `parts`. Throws
/// start_error(configuration) if there is no data directory for a file that needs it.
server_options with_default_paths(server_options options, server_parts const& parts);

/// The same, and creates the data directory, with mode 0700 whatever the umask, and its parents. Throws start_error:
/// as with_default_paths(); cannot_create if it cannot be created; configuration if others may write to it.
server_options prepare_data_dir(server_options options, server_parts const& parts);

/// Throws what prepare_data_dir() would throw for the options of with_default_paths(); creates nothing.
void check_data_dir(server_options const& options);

}  // namespace porter::detail::library
