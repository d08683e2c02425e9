#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/values.hpp"

namespace porter::detail::config {

/// A host to connect to: a name of ASCII characters or an IP address. That of IPv6 may stand in brackets, which are
/// taken away. Whether there is such a host only a look-up tells.
parsed<std::string> parse_host(std::string_view text);

struct host_and_port {
    std::string host;
    std::uint16_t port;
};

/// What a text such as localhost:7678 or [::1]:7678 means, which is no host.
std::optional<host_and_port> split_host_and_port(std::string_view text);

}  // namespace porter::detail::config
