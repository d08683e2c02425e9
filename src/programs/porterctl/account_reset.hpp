#pragma once

#include "programs/porterctl/command.hpp"

namespace porter::programs {

/// accounts reset
detail::config::exit_code reset_account(context& ctx);

}  // namespace porter::programs
