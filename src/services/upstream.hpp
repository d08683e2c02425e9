#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/asio.hpp"
#include "porter/result.hpp"

namespace porter::detail::services {

/// A connection to an upstream program: TCP or a UNIX socket.
using upstream_socket = asio::basic_stream_socket<asio::generic::stream_protocol, io_executor>;

/// Where an upstream program listens.
struct upstream_address {
    std::string host;        ///< a name or an IP address; empty: it is a UNIX socket
    std::uint16_t port = 0;  ///< of `host`
    std::string path{};      ///< of the UNIX socket

    /// As in the option --service: "localhost:5432", "[::1]:5432", "unix:/run/redis.sock".
    std::string text() const;
};

/// Connects to the first address that accepts; non-blocking, with TCP_NODELAY and SO_KEEPALIVE. Errors: timed_out at
/// the deadline, and those of the resolver and of connect(2). `address` outlives the call. Cancellable.
task<result<upstream_socket, base::error_code>> connect_upstream(upstream_address const& address,
                                                                 std::chrono::steady_clock::time_point deadline);

}  // namespace porter::detail::services
