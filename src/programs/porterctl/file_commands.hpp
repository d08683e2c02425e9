#pragma once

#include "config/exit_code.hpp"
#include "programs/porterctl/command.hpp"

/// The commands of the noun db that only a database file has.
namespace porter::programs {

/// Copies the file into a new one, with a progress bar. Throws config::option_error(usage) for a server.
detail::config::exit_code back_up_file(context& ctx);

/// Replaces the file with a backup, after a confirmation. Throws config::option_error(usage) for a server.
detail::config::exit_code restore_file(context& ctx);

/// Copies everything in the file into the empty database of a server, after a confirmation. The file is unchanged.
detail::config::exit_code move_file(context& ctx);

}  // namespace porter::programs
