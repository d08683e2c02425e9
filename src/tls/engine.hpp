#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/asio.hpp"
#include "base/bytes.hpp"
#include "tls/ciphertext.hpp"
#include "tls/client_hello.hpp"
#include "tls/context.hpp"
#include "tls/handles.hpp"

namespace porter::detail::tls {

/// The server's identity, for a client after the handshake.
struct peer_identity {
    std::string fingerprint;        ///< of the peer's key, as fingerprint() formats it
    bool system_verified = false;   ///< an authority of this system certifies the key for the requested host
    std::string authority;          ///< system_verified: the fingerprint of that authority's key
    std::string certificate_error;  ///< otherwise the reason: see explain_verify_result()
};

/// The negotiated parameters, by their names in OpenSSL.
struct agreement {
    std::string version;
    std::string cipher;
    std::string group;  ///< of the key exchange
};

/// One side of a TLS connection, without I/O: it converts between ciphertext and plaintext. No call blocks. Only the
/// constructors throw: std::bad_alloc. On one thread at a time.
///
/// After each call, send bytes().output(): TLS may have messages of its own, such as the alert before a failure.
class engine {
public:
    /// The maximum that a write encrypts at once: it needs few system calls and bounds the unsent output.
    static constexpr std::size_t max_write = 64 * 1024;

    /// More key updates (RFC 8446, 4.6.3) in succession, without data between them, end a connection: each costs its
    /// sender 27 bytes and the receiver a key derivation.
    static constexpr unsigned max_key_updates = 32;

    enum class progress : std::uint8_t {
        done,         ///< the call succeeded, at least in part
        wants_input,  ///< more ciphertext is needed
        ended,        ///< the peer sent close_notify: no input will follow; writing is still possible
        failed,       ///< permanently: see error()
    };

    /// The server's side.
    explicit engine(server_context const& context);
    /// The client's side; `host`: the name or IP address of the server.
    engine(client_context const& context, std::string const& host);
    engine(engine const&) = delete;
    engine& operator=(engine const&) = delete;

    /// Continues the handshake. done: it is complete, and both sides use porter/1.
    progress handshake();
    /// Whether handshake() would process a ClientHello, which is expensive: true for a server when a ClientHello is
    /// complete or too large. It is the first one, or the second one after a HelloRetryRequest. If handshake() then
    /// wants input without a reply to the ClientHello, the peer sent something else, which is an error.
    bool has_client_hello() const noexcept;
    bool is_established() const noexcept { return established_; }

    /// Decrypts available input into `buffer`; `size`: the bytes decrypted, 0 unless done.
    progress read(std::span<std::byte> buffer, std::size_t& size);

    /// Encrypts the beginning of `plaintext`, at most max_write; `size`: the bytes encrypted. Never wants input.
    progress write(base::bytes_view plaintext, std::size_t& size);

    /// Writes close_notify; call write() no more.
    void close();

    ciphertext& bytes() noexcept { return bytes_; }
    ciphertext const& bytes() const noexcept { return bytes_; }
    base::error_code error() const noexcept { return error_; }

    /// Call it after the handshake.
    tls::agreement agreement() const;

    /// For a client, after the handshake.
    peer_identity peer() const;

private:
    static void on_message(int is_write, int version, int type, void const* bytes, std::size_t size, ssl_st* session,
                           void* self) noexcept;
    void set_message_callback() noexcept;
    client_hello_state hello_state() const noexcept;
    progress progress_after(int outcome);
    progress fail(base::error_code cause);
    bool agreed_on_protocol() const;
    std::string authority() const;

    ciphertext bytes_;
    ssl_handle session_;
    base::error_code error_;
    unsigned key_updates_ = 0;        // by the peer, since its last data
    bool awaits_hello_;               // a server that has not sent its ServerHello
    bool is_hello_answered_ = false;  // by a ServerHello or a HelloRetryRequest
    bool established_ = false;
    bool checks_host_ = false;  // OpenSSL's verify result includes the host
};

}  // namespace porter::detail::tls
