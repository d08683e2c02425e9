#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/values.hpp"

namespace porter::detail::config {

/// A service of porterd. A new one gets a row in the table of service_spec.cpp and its construction in
/// programs/porterd/running_service.cpp.
enum class service_kind : std::uint8_t {
    echo,     ///< returns each message
    chat,     ///< sends each text to all others
    exec,     ///< runs a command for each connection
    forward,  ///< passes bytes to and from an upstream program
};

/// The value of --service: `NAME`, or `NAME:ARGUMENT` for a service that takes an argument.
struct service_spec {
    service_kind kind = service_kind::echo;
    std::string argument;  ///< valid for the kind; empty if it takes none

    static parsed<service_spec> parse(std::string_view text);

    /// The text that parses to the same value.
    std::string text() const;
};

/// The forms of the services in the order of the table: "echo", "exec:COMMAND".
std::vector<std::string> service_forms();

}  // namespace porter::detail::config
