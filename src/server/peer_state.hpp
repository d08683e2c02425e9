#pragma once

/// What the kernel knows about the peer of a connected TCP socket, without a read. Each function takes the socket's
/// descriptor, is one poll() that does not wait, and is false for a closed socket (-1).
///
/// For TCP, Linux reports these events until the socket is closed:
/// - POLLRDHUP: no more input will follow what has arrived: the peer has shut down its sending side, or the connection
///   is reset.
/// - POLLHUP: both directions have ended: each side has shut down its sending side, or the connection is reset. The
///   peer's shutdown alone does not set it.
/// - POLLERR: an error is pending: the peer has reset the connection, or it was found to be unreachable (keepalive,
///   too many retransmissions). The read or write that returns the error clears it, and POLLHUP stays.
/// - POLLIN: a read would return at once: with bytes, with the end of input, or with the pending error.
namespace porter::detail::server {

/// Whether the peer takes no output any more (POLLERR or POLLHUP). A peer that has only shut down its sending side
/// waits for its replies. Only while the own sending side is open: after both sides have shut down in order it is true,
/// too.
bool is_peer_gone(int socket) noexcept;

/// Whether the peer has reset the connection, or is unreachable, and no read or write has returned that error yet
/// (POLLERR). False when both sides have shut down in order.
bool is_reset(int socket) noexcept;

/// Whether the peer has shut down its sending side, or the connection is reset (POLLRDHUP, POLLERR or POLLHUP). Bytes
/// that have arrived before may still be unread.
bool is_peer_closed(int socket) noexcept;

/// Whether a read would return at once (POLLIN). While the peer's sending side is open, that is: bytes have arrived.
bool has_unread_input(int socket) noexcept;

}  // namespace porter::detail::server
