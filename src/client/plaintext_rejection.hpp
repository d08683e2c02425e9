#pragma once

#include <chrono>
#include <string>

#include "base/asio.hpp"
#include "porter/client.hpp"

namespace porter::detail::client {

/// Reads a plaintext reply to a TLS handshake, a frame of at most 1 KiB (docs/PROTOCOL.md, TLS or plain): a server that
/// is full or stopping rejects a connection before it reads the ClientHello. The reply is not authenticated, so the
/// error tells only whether to retry: closed (unavailable), or protocol for any other reply. Else timed_out or lost.
task<client_error> read_plaintext_rejection(base::tcp_socket socket, std::string server,
                                            std::chrono::steady_clock::time_point deadline);

}  // namespace porter::detail::client
