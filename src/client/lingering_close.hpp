#pragma once

#include "client/open_stream.hpp"

namespace porter::detail::client {

/// Closes a TLS connection to an untrusted server: sends close_notify, shuts down sending and discards input until the
/// server closes, at most until `deadline` or for 2 s. Sends no `closing`, as an untrusted server gets no frames.
task<void> lingering_close(stream socket, std::chrono::steady_clock::time_point deadline);

}  // namespace porter::detail::client
