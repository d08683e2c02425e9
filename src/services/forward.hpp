#pragma once

#include <chrono>

#include "porter/connection.hpp"
#include "services/upstream.hpp"

namespace porter::detail::services {

struct forward_options {
    upstream_address upstream;
    bool sends_proxy_header = false;                                   ///< --forward-identity proxy-v2
    std::chrono::milliseconds connect_time = std::chrono::seconds{5};  ///< for the lookup and all addresses
};

/// Passes bytes between each client and a connection of its own to an upstream program (docs/PROTOCOL.md, forwarding):
/// the bodies of texts and data go upstream in order, and what comes back is sent as data.
class forward {
public:
    explicit forward(forward_options options) : options_(std::move(options)) {}

    /// The handler of a connection. Until the task ends, the object stays where it is.
    task<void> operator()(connection& client) const;

private:
    forward_options options_;
};

}  // namespace porter::detail::services
