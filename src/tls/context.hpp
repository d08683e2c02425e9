#pragma once

#include <cstdint>
#include <string_view>

#include "tls/certified_key.hpp"
#include "tls/handles.hpp"

namespace porter::detail::tls {

/// The ALPN protocol (RFC 7301) that both sides require. A client of another protocol is rejected before its first byte
/// is read (ALPACA, "cross-protocol attacks").
inline constexpr std::string_view protocol = "porter/1";

// Both sides use TLS 1.3 only, key exchange by X25519, P-256 or P-384 (and hybrids of them with ML-KEM if OpenSSL has
// them), AEAD suites, porter/1 or a fatal alert, no session tickets, no early data (an attacker could replay a login),
// no renegotiation. Engines share ownership of OpenSSL's context, so a context may be destroyed before them.

/// The TLS configuration of a server with this key. Engines may be made from it on any thread.
class server_context {
public:
    /// Throws start_error(configuration) with OpenSSL's reason if it rejects the key or the chain, for instance because
    /// they are too weak. Clients may still reject a key that OpenSSL accepts: see handshake_error().
    explicit server_context(certified_key const& key);

    ssl_ctx_st* native() const noexcept { return context_.get(); }

private:
    context_handle context_;
};

/// The certificate authorities that a client trusts.
enum class authorities : std::uint8_t {
    of_system,
    none,  ///< for a test handshake: loading the system's authorities takes some ten milliseconds
};

/// The TLS configuration of a client. The handshake accepts every certificate: the caller checks engine::peer() before
/// it sends anything.
class client_context {
public:
    /// Throws std::bad_alloc.
    explicit client_context(authorities trusted = authorities::of_system);

    ssl_ctx_st* native() const noexcept { return context_.get(); }

private:
    context_handle context_;
};

}  // namespace porter::detail::tls
