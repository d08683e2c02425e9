#pragma once

#include <asio/cancellation_signal.hpp>

#include "identity/address.hpp"
#include "server/house.hpp"
#include "server/io_thread.hpp"
#include "server/quota.hpp"
#include "server/transport.hpp"

namespace porter::rooms::server {

/// The whole life of one connection, from its first byte to its last. It owns the socket and the admission; `waits`
/// (the signal that the coroutine was spawned with), `thread` and `house` outlive it. It runs on the thread's
/// io_context, which is also the socket's.
task<void> serve_connection(stream socket, identity::address from, admission place, asio::cancellation_signal& waits,
                            io_thread& thread, house const& house);

/// Tells a visitor for whom there is no place that the house is full.
task<void> turn_away(stream socket, identity::address from, farewell goodbye, asio::cancellation_signal& waits,
                     io_thread& thread, house const& house);

}  // namespace porter::rooms::server
