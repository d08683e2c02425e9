#pragma once

#include <functional>

#include "config/porterd_options.hpp"
#include "porter/connection.hpp"

namespace porter::programs {

/// The service that porterd runs.
struct running_service {
    porter::service handler;  ///< owns what the service shares between connections
    /// Called, on the main thread, before the server stops. May be called more than once.
    std::function<void()> on_stop = [] {};
};

/// Makes the service that --service names, and adapts the options of the server to it. Throws start_error if it cannot
/// start.
running_service make_service(detail::config::porterd_options& options);

}  // namespace porter::programs
