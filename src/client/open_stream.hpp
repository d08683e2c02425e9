#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "porter/client.hpp"
#include "tls/stream.hpp"

namespace porter::detail::client {

/// The stream under the frames: TCP, plain or with TLS.
using stream = tls::stream;

/// A connection on which no frame was sent yet.
struct opened_stream {
    stream socket;
    std::string server_key;        ///< the fingerprint of its key; empty over plain TCP
    std::string server_authority;  ///< the fingerprint of the authority's key, if trust_source is certificate_authority
    porter::trust_source trust_source = porter::trust_source::none;
};

/// Connects to the address of `host` that accepts first, and over TLS checks the server's key. Nothing is sent to a
/// server whose key is rejected, except the TLS handshake. `options` must outlive the call. Failures: unreachable,
/// timed_out, lost, closed (unavailable), protocol, unknown_server, untrusted.
task<client_result<opened_stream>> open_stream(std::string host, std::uint16_t port, client_options const& options);

}  // namespace porter::detail::client
