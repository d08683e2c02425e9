#pragma once

#include <cstdint>
#include <string_view>

#include "tls/certified_key.hpp"
#include "tls/handles.hpp"

namespace porter::detail::tls {

/// The ALPN protocol (RFC 7301) that both sides require. A byte stream that was meant for another protocol is refused
/// before its first byte is looked at (ALPACA, "cross-protocol attacks").
inline constexpr std::string_view protocol = "porter/1";

// What both sides go by: TLS 1.3 and nothing else, key exchange by X25519, P-256 or P-384 (and hybrids of them with
// ML-KEM where OpenSSL has them), suites with AEAD, porter/1 or a fatal alert, no session tickets, no early data (a
// replay of it would be a login again), no renegotiation. The engines that were made from a context keep what they
// need of it alive.

/// How a server shakes hands: with this key. Engines may be made from it on any thread.
class server_context {
public:
    /// Throws start_error(configuration) with OpenSSL's reason when it does not take the key or the chain, for instance
    /// because they are too weak. One that is taken may still fit no client: see handshake_error().
    explicit server_context(certified_key const& key);

    ssl_ctx_st* native() const noexcept { return context_.get(); }

private:
    context_handle context_;
};

/// Whose word about a server's certificate a client hears.
enum class authorities : std::uint8_t {
    of_system,
    none,  ///< for a client that only tries a handshake: reading the system's takes some ten milliseconds
};

/// How a client shakes hands. It refuses no certificate: whom to trust is its user's to decide, by what the engine
/// says of the peer, before anything is sent.
class client_context {
public:
    /// Throws std::bad_alloc.
    explicit client_context(authorities known = authorities::of_system);

    ssl_ctx_st* native() const noexcept { return context_.get(); }

private:
    context_handle context_;
};

}  // namespace porter::detail::tls
