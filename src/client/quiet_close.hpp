#pragma once

#include "client/connect.hpp"

namespace porter::detail::client {

/// Ends a TLS connection to a server that is not trusted: says close_notify, shuts the sending side down, and discards
/// what still comes until the server ends its side. It sends no `closing`, since nothing is sent to such a server.
/// At `deadline`, or after two seconds, it closes the socket whatever the server does.
task<void> close_quietly(stream connected, std::chrono::steady_clock::time_point deadline);

}  // namespace porter::detail::client
