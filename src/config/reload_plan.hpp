#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/porterd_options.hpp"

namespace porter::detail::config {

/// An option whose value has changed.
struct option_change {
    std::string_view name;
    std::string before;  ///< the values as people write them; "none": not set, "hidden": it may contain a secret
    std::string after;
    bool is_applied;  ///< false: it needs a restart
};

/// What a reload of the configuration changes.
struct reload_plan {
    porterd_options next;  ///< the running options with each changed one that a running server can apply
    std::vector<option_change> changes;

    bool applies_any() const;
};

/// The plan for a server that runs with these options. The files of TLS need a restart when `tls` itself has changed.
reload_plan plan_reload(porterd_options const& running, porterd_options const& wanted);

}  // namespace porter::detail::config
