#pragma once

#include "base/asio.hpp"
#include "server/ending.hpp"

namespace porter::rooms::server {

/// The bytes that frames travel in. Plain TCP only in this version; TLS becomes the other kind of this stream.
using stream = base::tcp_socket;

/// Waits for the peer's first byte, without taking it, and judges what it speaks: 0x00 begins a plain frame (the
/// opening limit makes the first byte of a length 0); anything else is a protocol_error.
/// Cancelling the socket's operations ends the wait.
task<result<void, ending>> recognise(stream& socket);

}  // namespace porter::rooms::server
