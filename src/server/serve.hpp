#pragma once

#include "server/connection.hpp"
#include "server/connection_limiter.hpp"
#include "server/server_context.hpp"

namespace porter::detail::server {

/// The whole life of one connection, from its first byte to its last, on its worker's thread. The arguments by
/// reference outlive it; the coroutine is spawned with conn.cancellation_slot().
task<void> serve(connection& conn, connection_slot slot, server_context const& ctx);

/// Closes a connection that got no slot with server_full. Spawned as serve() is.
task<void> reject(connection& conn, reject_permit permit, server_context const& ctx);

}  // namespace porter::detail::server
