#pragma once

#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/asio.hpp"
#include "porter/result.hpp"
#include "server/close_reason.hpp"

namespace porter::detail::server {

/// The header that a proxy sends before the client's first byte: PROXY protocol, versions 1 and 2
/// (https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt).
struct proxy_header {
    std::size_t size = 0;  ///< bytes; the client's bytes follow
    /// The client's address. None: the connection is the proxy's own (LOCAL, as in a health check), or the proxy does
    /// not know it (UNKNOWN, a local socket).
    std::optional<asio::ip::address> client;
    std::uint16_t client_port = 0;                    ///< of `client`
    std::optional<asio::ip::tcp::endpoint> server{};  ///< to which the client has connected; set with `client`
};

/// Bytes. Version 2 allows 64 KiB of extensions; longer headers than this are rejected.
inline constexpr std::size_t longest_proxy_header = 4096;

/// Parses the beginning of a stream. None: the header is incomplete. The error describes what is invalid, and is
/// returned at the first wrong byte. Without I/O, so that it can be fuzzed.
result<std::optional<proxy_header>, std::string> parse_proxy_header(std::string_view prefix);

/// Reads the PROXY header that the stream begins with, and no byte after it. Cancelling the socket's operations ends
/// the wait. The error is the close reason of the connection: protocol_error for an invalid header.
task<result<proxy_header, close_reason>> read_proxy_header(base::tcp_socket& socket);

}  // namespace porter::detail::server
