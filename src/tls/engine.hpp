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

/// Who a client has shaken hands with.
struct peer_identity {
    std::string fingerprint;       ///< of the peer's key, as fingerprint() writes it
    bool system_verified = false;  ///< the system's authorities vouch for it under the host name that was asked for
    std::string authority;         ///< system_verified: the fingerprint of the key of the authority that they trust
    std::string verdict;           ///< why not: see explain_verdict()
};

/// What both sides agreed on, by its names in OpenSSL.
struct agreement {
    std::string version;
    std::string cipher;
    std::string group;  ///< of the key exchange
};

/// One side of a TLS connection, without any I/O: ciphertext goes in and comes out, plaintext likewise. Nothing waits,
/// nothing throws but std::bad_alloc from the constructors. On one thread at a time.
///
/// Whatever is called, look at bytes().output() afterwards: TLS may have something to say of its own, and the last
/// words before a failure (an alert) are there, too.
class engine {
public:
    /// A write encrypts at most this much at once: enough for few system calls, and a bound for what waits.
    static constexpr std::size_t most_at_once = 64 * 1024;

    /// So many key updates (RFC 8446, 4.6.3) in succession, without any text between them, end a connection: each costs
    /// its sender 27 bytes and us a derivation of keys.
    static constexpr unsigned max_key_updates = 32;

    enum class progress : std::uint8_t {
        done,         ///< what was asked for is done, at least in part
        wants_input,  ///< not without more ciphertext
        ended,        ///< the peer said close_notify: nothing more will come; writing goes on
        failed,       ///< for good: error() says why
    };

    /// The server's side.
    explicit engine(server_context const& context);
    /// The client's side; `host`: the name or IP address of the server as a person gave it.
    engine(client_context const& context, std::string const& host);
    engine(engine const&) = delete;
    engine& operator=(engine const&) = delete;

    /// Goes on with the handshake. done: it is over, and both sides speak porter/1.
    progress handshake();
    /// Whether handshake() has a ClientHello to answer, which takes long: of a server, when all of it is here, or more
    /// than is taken. That is the first one, or the one that it asked for by a HelloRetryRequest. When handshake()
    /// wants input again without having answered it, the peer has sent something else, and that is an error.
    bool has_client_hello() const noexcept;
    bool is_established() const noexcept { return established_; }

    /// Decrypts into `room` as much as is here and fits; `size`: how much that was, 0 unless done.
    progress read(std::span<std::byte> room, std::size_t& size);

    /// Encrypts the first of `plain`, at most most_at_once; `size`: how much. Never wants input.
    progress write(base::bytes_view plain, std::size_t& size);

    /// Says close_notify: nothing more will be written.
    void close();

    ciphertext& bytes() noexcept { return bytes_; }
    ciphertext const& bytes() const noexcept { return bytes_; }
    base::error_code error() const noexcept { return error_; }

    /// After the handshake.
    tls::agreement agreement() const;

    /// Of a client, after the handshake.
    peer_identity peer() const;

private:
    static void note_message(int is_ours, int version, int type, void const* bytes, std::size_t size, ssl_st* session,
                             void* self) noexcept;
    void watch_messages() noexcept;
    client_hello_state hello_state() const noexcept;
    progress check_certificate(int outcome);
    progress fail(base::error_code why);
    bool agreed_on_protocol() const;
    std::string authority() const;

    ciphertext bytes_;
    ssl_handle session_;
    base::error_code error_;
    unsigned key_updates_ = 0;        // of the peer's, since its last text
    bool awaits_hello_;               // a ClientHello, to which a ServerHello has not been sent
    bool is_hello_answered_ = false;  // also by a HelloRetryRequest
    bool established_ = false;
    bool checks_host_ = false;  // OpenSSL's verdict includes whether the certificate is for the host
};

}  // namespace porter::detail::tls
