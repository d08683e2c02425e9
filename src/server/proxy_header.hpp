#pragma once

#include <asio/ip/address.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "porter/error.hpp"

namespace porter::detail::server {

/// What stands before the first byte of a connection that comes by a proxy: the PROXY protocol, versions 1 and 2
/// (https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt).
struct proxy_header {
    std::size_t size = 0;  ///< bytes; what the client sends comes behind them
    /// Where the client is; none: the proxy speaks for itself (LOCAL, as in a health check) or cannot tell (UNKNOWN, a
    /// local socket), so that the connection is the proxy's own.
    std::optional<asio::ip::address> client;
};

/// No header is longer. Of version 2 the protocol allows 64 KiB of extensions, which nobody sends and we do not read.
inline constexpr std::size_t longest_proxy_header = 4096;

/// Judges the beginning of a stream, as many bytes as are here. None: it may become a header, when more comes. The
/// error says why it is none; it is known as soon as a byte is wrong.
result<std::optional<proxy_header>, std::string> parse_proxy_header(std::string_view begun);

}  // namespace porter::detail::server
