#pragma once

#include "config/exit_code.hpp"
#include "programs/porterctl/command.hpp"

namespace porter::programs {

/// The commands `accounts import FILE` and `accounts export`. They throw config::option_error, start_error and
/// store::administration_error.
detail::config::exit_code import_accounts(context& ctx);
detail::config::exit_code export_accounts(context& ctx);

}  // namespace porter::programs
