#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tls/stream.hpp"

namespace porter::rooms::server {

/// How many TLS handshakes there may be at once on the whole server: each costs some 50 KiB and a signature. A
/// newcomer always gets a place: when all are taken, the network with most of them gives one up, the one that it holds
/// longest. So silent peers from few networks keep nobody else out, and however many there are, a handshake has the
/// time that it takes for all places to be asked for once. Safe from any thread; outlives its places.
class handshake_places {
    struct entry;

public:
    explicit handshake_places(std::size_t most) : most_(most) {}

    /// For one handshake; it ends on the thread of its socket.
    class [[nodiscard]] place {
    public:
        place(place const&) = delete;
        place& operator=(place const&) = delete;
        ~place();

        /// Whether it was given to somebody else: then the socket was cancelled.
        bool gave_way() const noexcept;

    private:
        friend class handshake_places;
        place(handshake_places& from, std::shared_ptr<entry> mine) : from_(from), mine_(std::move(mine)) {}

        handshake_places& from_;
        std::shared_ptr<entry> mine_;
    };

    /// A place for a handshake on this socket, whose peer is in this network (identity::address::network). On the
    /// socket's thread; the socket outlives the place.
    place take(std::string const& network, tls::stream& socket);

    std::size_t taken() const;

private:
    std::shared_ptr<entry> give_up_one_for(std::string const& network);

    std::size_t const most_;
    std::mutex mutable mutex_;                    // guards what follows
    std::vector<std::shared_ptr<entry>> places_;  // who has waited longest comes first
};

}  // namespace porter::rooms::server
