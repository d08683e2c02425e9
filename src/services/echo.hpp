#pragma once

#include "porter/connection.hpp"

namespace porter::detail::services {

/// Sends every message back unchanged.
task<void> echo(connection& client);

}  // namespace porter::detail::services
