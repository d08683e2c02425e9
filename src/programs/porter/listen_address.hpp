#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/values.hpp"

namespace porter::programs {

/// Where --listen accepts local programs: a TCP address and port, or the path of a unix socket.
struct listen_address {
    std::string ip = "127.0.0.1";  ///< an IP address
    std::uint16_t port = 0;        ///< 0: any free port
    std::string path;              ///< of the unix socket; empty: TCP
};

/// Parses [ADDRESS:]PORT or unix:PATH. An IPv6 address stands in brackets; localhost is 127.0.0.1.
detail::config::parsed<listen_address> parse_listen_address(std::string_view text);

/// Whether other machines can reach the address.
bool is_reachable_from_outside(listen_address const& address);

}  // namespace porter::programs
