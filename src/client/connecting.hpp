#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/asio.hpp"
#include "porter/client.hpp"

namespace porter::rooms::client {

/// The bytes that frames travel in. Plain TCP only in this version; TLS becomes the other kind of this stream.
using stream = base::tcp_socket;

/// Whether an address is this machine itself: then nobody is on the way.
bool is_loopback(asio::ip::address const& address);

/// Opens a stream to the first address of `host` that answers. Each gets a fair part of the time that is left.
/// Failures: unreachable, timed_out; not_sent(tls_required) when no address may be spoken to in plain.
task<client_result<stream>> open_stream(std::string host, std::uint16_t port, transport way,
                                        std::chrono::milliseconds timeout);

}  // namespace porter::rooms::client
