#pragma once

#include "config/command_line.hpp"
#include "config/environment.hpp"
#include "config/porterd_options.hpp"
#include "config/reload_plan.hpp"
#include "porter/server.hpp"

namespace porter::programs {

/// Reads the configuration again while the server runs, and applies what a running server can apply. On the main
/// thread.
class reloader {
public:
    /// `line` and `variables`: where the options came from. `running`: as the server was made with them. The server
    /// outlives this.
    reloader(detail::config::command_line line, detail::config::environment variables,
             detail::config::porterd_options running, server& server);

    /// Reads the file again and logs each changed option, as applied or as one that needs a restart. A configuration
    /// with an error changes nothing, and the log says where the error is. Blocks the thread for a small file.
    void reload();

private:
    void apply(detail::config::reload_plan const& plan);
    void log_changes(detail::config::reload_plan const& plan);

    detail::config::command_line line_;
    detail::config::environment variables_;
    detail::config::porterd_options running_;
    server& server_;
};

}  // namespace porter::programs
