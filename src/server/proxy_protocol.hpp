#pragma once

#include "base/asio.hpp"
#include "server/close_reason.hpp"
#include "server/proxy_header.hpp"

namespace porter::detail::server {

/// Takes a PROXY header from the stream, and not a byte of what is behind it. Cancelling the socket's operations ends
/// the wait. The error is how the connection ends: a header that is none is a protocol_error.
task<result<proxy_header, close_reason>> read_proxy_header(base::tcp_socket& socket);

}  // namespace porter::detail::server
