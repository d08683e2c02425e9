#pragma once

#include "server/connection.hpp"
#include "server/connection_limiter.hpp"
#include "server/server_context.hpp"

namespace porter::detail::server {

/// The whole life of one connection, from its first byte to its last, on the visitor's I/O thread. The arguments by
/// reference outlive it; the coroutine is spawned with visitor.waits() as its cancellation slot.
task<void> serve(connection& conn, connection_slot place, server_context const& ctx);

/// Tells a visitor for whom there is no place that the house is full. The same holds.
task<void> reject(connection& conn, reject_permit goodbye, server_context const& ctx);

}  // namespace porter::detail::server
