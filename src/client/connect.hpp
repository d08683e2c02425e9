#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "porter/client.hpp"
#include "tls/stream.hpp"

namespace porter::detail::client {

/// The bytes that frames travel in: TCP, plain or with TLS.
using stream = tls::stream;

/// A way to the server, on which nothing was said yet.
struct opened_stream {
    stream socket;
    std::string server_key;        ///< its fingerprint; empty over plain TCP
    std::string server_authority;  ///< the fingerprint of the authority's key, if that is why the server is trusted
    porter::trust_source trust_source = porter::trust_source::none;
};

/// Opens a stream to the first address of `host` that answers; each gets a fair part of the time that is left. Over
/// TLS, a server that is not the right one is left before anything is said to it. `options` live until it ends.
/// Failures: unreachable, timed_out, lost, protocol, untrusted.
task<client_result<opened_stream>> open_stream(std::string host, std::uint16_t port, client_options const& options);

}  // namespace porter::detail::client
