#pragma once

#include <asio/ip/tcp.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "porter/connection.hpp"

namespace porter::detail::services {

/// What a PROXY header tells an upstream program about a client (docs/PROTOCOL.md, forwarding).
struct proxy_identity {
    asio::ip::tcp::endpoint client;
    asio::ip::tcp::endpoint server;        ///< to which the client has connected
    std::uint64_t connection = 0;          ///< its number
    std::optional<std::string> account{};  ///< its name, proved
    porter::auth_method auth_method = porter::auth_method::open;
    std::optional<std::uint64_t> session{};
    bool is_tls = false;
};

/// That of a connection.
proxy_identity identity_of(connection const& client);

/// The header in version 2 of the PROXY protocol, with the command PROXY. If one address is IPv4 and the other one
/// IPv6, the former is written as an IPv4-mapped one.
std::string proxy_header(proxy_identity const& identity);

}  // namespace porter::detail::services
