#pragma once

#include "config/exit_code.hpp"
#include "programs/porterctl/command.hpp"

/// The commands of the noun db that only a database file has.
namespace porter::programs {

/// Copies the file into a new one, with a progress bar.
detail::config::exit_code back_up_file(context& ctx);

/// Replaces the file with a backup, after a confirmation.
detail::config::exit_code restore_file(context& ctx);

}  // namespace porter::programs
