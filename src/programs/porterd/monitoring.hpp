#pragma once

#include <memory>

#include "config/porterd_options.hpp"
#include "monitoring/http_server.hpp"
#include "porter/server.hpp"

namespace porter::programs {

/// Serves the server's metrics at --metrics; null: the option is not given. Logs where, and warns when other machines
/// can read them. The server outlives what is returned. Throws start_error.
std::unique_ptr<detail::monitoring::http_server> start_monitoring(detail::config::porterd_options const& options,
                                                                  server const& monitored);

}  // namespace porter::programs
