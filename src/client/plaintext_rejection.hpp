#pragma once

#include <chrono>
#include <string>

#include "base/asio.hpp"
#include "porter/client.hpp"

namespace porter::detail::client {

/// Hears why a peer answers our handshake in the clear, with a frame of at most 1 KiB (docs/PROTOCOL.md, TLS or plain):
/// a server that is full or stopping turns us away before it looks at what we sent. Anybody on the way could have said
/// it, so it is a reason to come back later (closed, unavailable) or to give up (protocol), and nothing else in it
/// counts. Otherwise timed_out or lost.
task<client_error> read_plaintext_rejection(base::tcp_socket socket, std::string where,
                                            std::chrono::steady_clock::time_point deadline);

}  // namespace porter::detail::client
