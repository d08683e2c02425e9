#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/values.hpp"

namespace porter::detail::config {

/// A host to connect to: an ASCII name or an IP address. Brackets around an IPv6 address are removed. Does not resolve
/// the name.
parsed<std::string> parse_host(std::string_view text);

struct host_and_port {
    std::string host;
    std::uint16_t port;
};

/// Splits a text such as localhost:7678 or [::1]:7678; none if it is not a host with a port of at least `least_port`.
std::optional<host_and_port> split_host_and_port(std::string_view text, std::uint16_t least_port = 1);

}  // namespace porter::detail::config
