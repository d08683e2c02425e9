#pragma once

#include "porter/connection.hpp"

namespace porter::detail::services {

/// Sends every message back as it was.
task<void> echo(connection& client);

}  // namespace porter::detail::services
