#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace porter::detail::server {

/// Bounds the memory that connections hold for frames which are not whole yet and for output that is not taken yet, in
/// all and for each network (identity::address::network). Above a limit the slowest peers of the network that holds
/// most have to go, until the rest is within the limits. They leave within a tick; a connection that takes more
/// meanwhile, when a quarter more than a limit is held, has to go itself, slow or not, unless its network holds less
/// than half of what the heaviest does.
///
/// Safe from any thread; outlives its shares.
class buffer_limiter {
    struct network;

public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Bytes; 0: no limit.
    buffer_limiter(std::size_t in_all, std::size_t per_network) : limit_(in_all), per_network_(per_network) {}

    /// What one connection holds; given back when this ends.
    class share {
    public:
        share(buffer_limiter& limiter, std::string network);
        ~share();
        share(share const&) = delete;
        share& operator=(share const&) = delete;

        /// Says what is held now, and since when the peer has been slow (max: it is not). Once a tick at least, and
        /// whenever it grows. When that is more than there is to be, others or this one are evicted.
        void update(std::size_t bytes, time_point slow_since);

        /// Whether the peer has to go: its memory is for others.
        bool is_evicted() const noexcept { return evicted_; }

    private:
        friend class buffer_limiter;

        buffer_limiter& limiter_;
        // What follows is guarded by the limiter's mutex.
        std::pair<std::string const, network>* network_;  // outlives a rehash, which an iterator does not
        std::size_t index_ = 0;                           // in its network's list
        std::size_t bytes_ = 0;
        time_point slow_since_ = time_point::max();
        std::atomic<bool> evicted_ = false;
    };

    /// Whether so much is held that a connection should give its buffer back as soon as it is empty.
    bool is_tight() const noexcept { return tight_.load(std::memory_order_relaxed); }

    /// Bytes that are held now.
    std::size_t held() const;

private:
    struct network {
        std::size_t held = 0;     // bytes
        std::size_t evicted = 0;  // of those, what evicted ones hold
        std::vector<share*> shares{};
    };
    using networks = std::unordered_map<std::string, network>;

    void resize(share& whose, std::size_t bytes);
    bool is_far_over_limit(network const& where) const noexcept;
    static share* slowest_in(network const& where) noexcept;
    static void evict(share& whose) noexcept;
    bool evict_from(network& where) noexcept;
    bool evict_from_heaviest() noexcept;

    std::size_t const limit_;
    std::size_t const per_network_;
    std::atomic<bool> tight_ = false;
    std::mutex mutable mutex_;  // guards what follows
    std::size_t held_ = 0;
    std::size_t evicted_ = 0;
    networks networks_;
    std::set<std::pair<std::size_t, network*>> by_weight_;  // those that hold something
};

}  // namespace porter::detail::server
