#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "identity/address.hpp"
#include "tls/stream.hpp"

namespace porter::detail::server {

/// Limits the TLS handshakes in progress on the whole server: each takes memory and computes signatures. A new one
/// always gets a slot. When all are taken, the oldest handshake of the heaviest origin loses its slot: of the IPv6 /48
/// with most of them, in that of the heaviest /56, in that of the heaviest /64; an IPv4 address is an origin of its
/// own. So a /48 that begins handshakes from a new /64 each keeps nobody else out. Against any number of equal origins
/// a handshake has the time in which all slots are asked for once.
///
/// Safe from any thread; outlives its slots.
class tls_handshake_limiter {
    struct entry;

public:
    explicit tls_handshake_limiter(std::size_t limit) : limit_(limit) {}

    /// For one handshake; it ends on the thread of its socket.
    class [[nodiscard]] slot {
    public:
        slot(slot const&) = delete;
        slot& operator=(slot const&) = delete;
        ~slot();

        /// Whether it was given to another handshake: then the socket was cancelled.
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

}  // namespace porter::detail::server
