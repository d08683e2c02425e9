#pragma once

#include "server/house.hpp"
#include "server/peer.hpp"
#include "server/quota.hpp"

namespace porter::rooms::server {

/// The whole life of one connection, from its first byte to its last, on the visitor's I/O thread. The arguments by
/// reference outlive it; the coroutine is spawned with visitor.waits() as its cancellation slot.
task<void> serve_connection(peer& visitor, admission place, house const& house);

/// Tells a visitor for whom there is no place that the house is full. The same holds.
task<void> turn_away(peer& visitor, farewell goodbye, house const& house);

}  // namespace porter::rooms::server
