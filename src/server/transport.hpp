#pragma once

#include "base/asio.hpp"
#include "server/close_reason.hpp"
#include "server/tls_acceptor.hpp"
#include "tls/stream.hpp"

namespace porter::detail::server {

/// The bytes that frames travel in: plain until a peer begins a TLS handshake.
using stream = tls::stream;

/// Waits for the peer's first byte and judges what it speaks. 0x16 begins a TLS handshake, which is over on success;
/// 0x00 a plain frame (the opening limit makes the first byte of a length 0), of which nothing is taken yet; anything
/// else is a protocol_error. Who is not allowed to go on in the clear is told tls_required. A handshake that fails is
/// an ending::lost. `encryption`: none when TLS is off, and then 0x16 is like anything else. Cancelling
/// the socket's operations ends the wait. The arguments outlive the task.
task<result<void, close_reason>> detect_tls(stream& socket, identity::address const& from, tls_acceptor* encryption);

/// Whether the peer's first byte is here and begins a TLS handshake: then a frame in the clear says nothing to it.
bool begins_tls(stream& socket);

}  // namespace porter::detail::server
