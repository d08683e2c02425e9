#pragma once

#include "base/asio.hpp"
#include "server/close_reason.hpp"
#include "server/proxy_header.hpp"

namespace porter::detail::server {

/// Reads the PROXY header that the stream begins with, and no byte after it. Cancelling the socket's operations ends
/// the wait. The error is the close reason of the connection: protocol_error for an invalid header.
task<result<proxy_header, close_reason>> read_proxy_header(base::tcp_socket& socket);

}  // namespace porter::detail::server
