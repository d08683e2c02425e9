#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "identity/address.hpp"
#include "porter/result.hpp"
#include "porter/tls_mode.hpp"
#include "server/close_reason.hpp"
#include "tls/context.hpp"
#include "tls/handshake_threads.hpp"
#include "tls/stream.hpp"

namespace porter::detail::server {

/// The socket of a connection: plaintext until the peer begins a TLS handshake.
using stream = tls::stream;

/// A TLS handshake must complete within this time.
inline constexpr std::chrono::seconds handshake_time{5};

/// TLS handshakes in progress on the whole server. For a client that is 200 ms away to get through a flood of 1,500 a
/// second, each of an origin of its own, there have to be 300; the rest is for retries (HelloRetryRequest), loss, and
/// larger floods.
inline constexpr std::size_t max_tls_handshakes = 2048;

/// Limits the TLS handshakes in progress on the whole server: each takes memory and computes signatures. A new one
/// always gets a slot. When all are taken, the oldest handshake of the heaviest origin loses its slot: of the IPv6 /48
/// with most of them, in that of the heaviest /56, in that of the heaviest /64; an IPv4 address is an origin of its
/// own. So a /48 that begins each handshake from a new /64 locks no other origin out. Among equal origins a
/// handshake keeps its slot until every other slot has been taken once more.
///
/// Safe from any thread; outlives its slots.
class tls_handshake_limiter {
    struct entry;

public:
    explicit tls_handshake_limiter(std::size_t limit) : limit_(limit) {}

    /// Held by one handshake; destroyed on the thread of its socket.
    class [[nodiscard]] slot {
    public:
        slot(slot const&) = delete;
        slot& operator=(slot const&) = delete;
        ~slot();

        /// Whether another handshake has taken it: then the socket was cancelled.
        bool is_evicted() const noexcept;

    private:
        friend class tls_handshake_limiter;
        slot(tls_handshake_limiter& from, std::shared_ptr<entry> mine) : from_(from), mine_(std::move(mine)) {}

        tls_handshake_limiter& from_;
        std::shared_ptr<entry> mine_;
    };

    /// A slot for a handshake on this socket with a peer at this address. On the socket's thread; the socket outlives
    /// the slot.
    slot take(identity::address const& from, tls::stream& socket);

    std::size_t taken() const;

private:
    /// The handshakes from one origin (all, a /48, a /56, a /64), also by the origins of the next longer prefix in it.
    struct origin {
        struct heavier {
            bool operator()(origin const* a, origin const* b) const noexcept;
        };

        std::list<entry*> handshakes;  // the oldest first; never empty but in all_
        std::map<std::uint64_t, std::unique_ptr<origin>> parts;
        std::set<origin const*, heavier> by_weight;  // of parts: the heaviest first, of equal ones that of the oldest
    };

    static constexpr std::array prefixes{48U, 56U, 64U};  // of IPv6, in bits
    static constexpr std::size_t levels = prefixes.size() + 1;

    static void add(origin& to, entry& one, std::size_t level = 0);
    static void remove(origin& from, entry& one, std::size_t level = 0) noexcept;
    entry& heaviest() const noexcept;

    std::size_t const limit_;
    std::mutex mutable mutex_;  // guards what follows
    origin all_;
    std::uint64_t latest_ = 0;  // handshake's number
};

/// The server's side of TLS: for which peers it is required, the key, and the limits of handshakes. Safe from any
/// thread.
class tls_acceptor {
public:
    /// `mode` is not off: then there is no tls_acceptor. `threads`: for handshakes. Throws start_error if they cannot
    /// be started.
    tls_acceptor(tls_mode mode, tls::certified_key const& key, std::size_t threads = 1,
                 std::size_t max_handshakes = max_tls_handshakes)
        : mode_(mode), limiter_(max_handshakes), threads_(threads)
    {
        set_key(key);
    }

    /// Later handshakes use this key; established connections keep theirs. Throws as tls::server_context does.
    void set_key(tls::certified_key const& key);

    std::shared_ptr<tls::server_context const> context() const;
    /// The fingerprint of the key in use.
    std::string fingerprint() const;

    /// Whether a connection from this address may stay in plaintext.
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

/// Waits for the peer's first byte. 0x16 begins a TLS handshake, which is complete on success. 0x00 begins a plaintext
/// frame (the opening limit makes the first byte of a length 0), of which nothing is consumed. Errors: tls_required
/// when plaintext is not allowed, lost when the handshake fails, protocol_error for any other byte. `tls`: null when
/// TLS is off; then 0x16 is like any other byte. Cancelling the socket's operations ends the wait. The arguments
/// outlive the task.
task<result<void, close_reason>> detect_tls(stream& socket, identity::address const& from, tls_acceptor* tls);

/// Whether the peer's first byte has arrived and begins a TLS handshake: then a plaintext frame would be malformed.
bool begins_tls(stream& socket);

}  // namespace porter::detail::server
