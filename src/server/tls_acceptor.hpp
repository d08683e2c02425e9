#pragma once

#include <chrono>
#include <memory>
#include <mutex>

#include "identity/address.hpp"
#include "porter/tls_mode.hpp"
#include "server/close_reason.hpp"
#include "server/tls_handshake_limiter.hpp"
#include "tls/context.hpp"
#include "tls/handshake_threads.hpp"
#include "tls/stream.hpp"

namespace porter::detail::server {

/// The bytes that frames travel in: plain until a peer begins a TLS handshake.
using stream = tls::stream;

/// A TLS handshake ends within this time.
inline constexpr std::chrono::seconds handshake_time{5};

/// TLS handshakes in progress on the whole server. For a client that is 200 ms away to get through a flood of 1,500 a
/// second, each of an origin of its own, there have to be 300; the rest is for retries (HelloRetryRequest), loss, and
/// floods that are larger.
inline constexpr std::size_t max_tls_handshakes = 2048;

/// What a server goes by where TLS is concerned: who must speak it, with which key, and how many handshakes there may
/// be at once. Safe from any thread.
class tls_acceptor {
public:
    /// `mode` is not off: then there is no encryption.
    /// `threads`: for handshakes. Throws start_error when they cannot be started.
    tls_acceptor(tls_mode mode, tls::certified_key const& key, std::size_t threads = 1,
                 std::size_t max_handshakes = max_tls_handshakes)
        : mode_(mode), limiter_(max_handshakes), threads_(threads)
    {
        set_key(key);
    }

    /// From now on handshakes are made with this key. Connections that are there keep theirs. Throws as server_context.
    void set_key(tls::certified_key const& key);

    std::shared_ptr<tls::server_context const> context() const;
    /// The fingerprint of the key in use.
    std::string fingerprint() const;

    /// Whether somebody from there may go on in the clear.
    bool allows_plaintext(identity::address const& from) const noexcept
    {
        return mode_ == tls_mode::automatic && from.is_loopback();
    }

    tls_handshake_limiter& handshake_limiter() noexcept { return limiter_; }
    tls::handshake_threads& handshake_threads() noexcept { return threads_; }

private:
    tls_mode const mode_;
    tls_handshake_limiter limiter_;
    tls::handshake_threads threads_;
    std::mutex mutable mutex_;  // guards what follows
    std::shared_ptr<tls::server_context const> context_;
    std::string fingerprint_;
};

/// Waits for the peer's first byte and judges what it speaks. 0x16 begins a TLS handshake, which is over on success;
/// 0x00 a plain frame (the opening limit makes the first byte of a length 0), of which nothing is taken yet; anything
/// else is a protocol_error. Who is not allowed to go on in the clear is told tls_required. A handshake that fails is
/// an ending::lost. `encryption`: none when TLS is off, and then 0x16 is like anything else. Cancelling
/// the socket's operations ends the wait. The arguments outlive the task.
task<result<void, close_reason>> detect_tls(stream& socket, identity::address const& from, tls_acceptor* tls);

/// Whether the peer's first byte is here and begins a TLS handshake: then a frame in the clear says nothing to it.
bool begins_tls(stream& socket);

}  // namespace porter::detail::server
