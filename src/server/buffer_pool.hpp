#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory_resource>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "porter/frame.hpp"

namespace porter::detail::server {

/// Allocates the input buffers of one worker's connections, which they free while they are idle. Buffers are mapped
/// pages: in malloc's memory they would lie between coroutine frames, and what many connections needed once could not
/// be returned to the system. On one thread.
class buffer_pool final : public std::pmr::memory_resource {
public:
    buffer_pool() = default;
    /// All buffers must have been freed.
    ~buffer_pool() override;
    buffer_pool(buffer_pool const&) = delete;
    buffer_pool& operator=(buffer_pool const&) = delete;

    /// Unmaps the buffers that were not needed since the last call. Call it rarely: it costs a system call a buffer.
    void shrink() noexcept;

private:
    struct buffer {
        buffer* next;
    };
    /// Free buffers of one size.
    struct free_list {
        buffer* first = nullptr;
        std::size_t count = 0;
        std::size_t unneeded = 0;  // the least value of `count` since the last shrink()
    };

    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override;
    bool do_is_equal(memory_resource const& other) const noexcept override { return this == &other; }

    static constexpr std::size_t page = 4096;
    static constexpr std::size_t largest = frame_decoder::usual_buffer;

    std::array<free_list, largest / page + 1> free_lists_{};  // by pages
};

/// Limits the memory that all connections hold for incomplete frames and unread output: in all, and of each network
/// (identity::address::network). Above a limit it evicts the slowest peers of the network that holds the most, until
/// the rest is within the limits. Evicted connections close within a tick. While more than a quarter above a limit is
/// held, a connection that takes more is evicted itself, slow or not, unless its network holds less than half of what
/// the heaviest does.
///
/// Safe from any thread; outlives its shares.
class buffer_limiter {
    struct network;

public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Bytes; 0: no limit.
    buffer_limiter(std::size_t in_all, std::size_t per_network) : limit_(in_all), per_network_(per_network) {}

    /// What one connection holds, until destruction.
    class share {
    public:
        share(buffer_limiter& limiter, std::string network);
        ~share();
        share(share const&) = delete;
        share& operator=(share const&) = delete;

        /// Sets how much is held, and since when the peer has been slow (max: it is not). Call it at least once a tick,
        /// and when more is held. May evict this share or others.
        void update(std::size_t bytes, time_point slow_since);

        /// Whether the connection must close.
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

    /// Whether more than half of the limit is held: connections should then free a buffer as soon as it is empty.
    bool is_tight() const noexcept { return tight_.load(std::memory_order_relaxed); }

    /// Bytes that are held now.
    std::size_t held() const;

private:
    struct network {
        std::size_t held = 0;     // bytes
        std::size_t evicted = 0;  // of those, what evicted shares hold
        std::vector<share*> shares{};
    };
    using networks = std::unordered_map<std::string, network>;

    void resize(share& one, std::size_t bytes);
    bool is_far_over_limit(network const& where) const noexcept;
    static share* slowest_in(network const& where) noexcept;
    static void evict(share& one) noexcept;
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
