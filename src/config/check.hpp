#pragma once

#include "config/porterd_options.hpp"

namespace porter::detail::config {

/// Looks for options that do not go together, or that this version does not have yet. Throws
/// option_error(bad_configuration) with the options' names.
void check_together(porterd_options const& options);

}  // namespace porter::detail::config
