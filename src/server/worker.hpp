#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "log/logger.hpp"
#include "porter/connection_info.hpp"
#include "porter/error.hpp"
#include "server/ban_set.hpp"
#include "server/buffer_pool.hpp"
#include "server/connection_limiter.hpp"
#include "server/connection_query.hpp"
#include "server/connection_snapshot.hpp"
#include "server/newest_connections.hpp"
#include "server/read_scheduler.hpp"
#include "server/worker_statistics.hpp"
#include "store/records.hpp"

namespace porter::detail::server {

class connection;

/// One I/O thread of the server: its connections, their buffers, and the tick that checks their timeouts. All members
/// are for that thread only; post to executor() from others.
class worker {
public:
    /// `tick`: how often timeouts are checked. `io` and `memory` outlive this.
    worker(asio::io_context& io, base::clock const& clock, buffer_limiter& memory, std::chrono::milliseconds tick);
    ~worker();
    worker(worker const&) = delete;
    worker& operator=(worker const&) = delete;

    io_executor executor() const noexcept { return executor_; }

    /// Allocates the input buffers.
    std::pmr::memory_resource& buffers() noexcept { return buffers_; }

    /// Limits the buffers, of all workers together.
    buffer_limiter& memory() noexcept { return memory_; }

    server::read_scheduler& scheduler() noexcept { return scheduler_; }

    /// The output memory that all connections share: mostly one queues and writes its output before the next does, so
    /// the memory stays in the processor's cache. A connection keeps it while it waits for a slow peer.
    void lend_output(frame_encoder& to) noexcept { to.swap_memory(output_); }
    void return_output(frame_encoder& from) noexcept
    {
        if (from.capacity() > output_.capacity()) from.swap_memory(output_);
        if (from.capacity() > max_kept_output) from.trim();
    }

    void add(connection& conn);
    /// evict() does not find the connection any more.
    void mark_authenticated(connection const& conn);
    void remove(connection& conn);

    /// Counts a connection that ended like a health check.
    void count_health_check() noexcept { ++health_checks_; }

    /// Logs the number since the last call, if it is larger than health checks explain.
    void report_health_checks(log::logger& log);

    /// Checks timeouts until stop() was called and the last connection has ended.
    task<void> run_ticks();

    /// Another time between two checks of the timeouts.
    void set_tick(std::chrono::milliseconds tick);

    /// Aborts every connection with shutting_down, and those that are added later.
    void stop();

    /// Closes every socket at once.
    void close_all();

    /// Evicts the connection with this number, if it is still here and without access.
    void evict(std::uint64_t connection);

    /// Aborts the connections of these sessions. `ended` is sorted.
    void close_connections_of(std::span<store::session_id const> ended);

    /// Sets the bans, and aborts the connections from their networks.
    void set_bans(std::shared_ptr<ban_set const> bans);
    /// The ban of this address, or null. Valid until set_bans().
    banned_network const* find_ban(asio::ip::address const& from) const { return bans_->find(from, clock_); }

    /// Aborts the connections with access: the server cannot tell whether their sessions have ended.
    void close_unavailable();

    /// The sessions of the connections.
    std::vector<store::session_id> sessions() const;

    /// What is known about connections that have a slot: the first `limit` of those with a larger number than `after`,
    /// in the order of their numbers. With 0 a list begins: it looks at each connection, as the tick does. Its further
    /// pages look at `limit` of those that were there then.
    std::vector<connection_info> connections(std::uint64_t after, std::size_t limit);

    /// The number of connections in each phase, and the first rows of those that the query selects. Looks at each
    /// connection once, as the tick does, and keeps no more than the rows. Updates the statistics that are set once a
    /// tick, so that rates between two samples are exact.
    connection_sample sample(connection_query const& query);

    /// Aborts the connections with these numbers as code::normal, which says that the peer need not come back, and
    /// returns how many did not end already. `numbers` is sorted; `reason` is for the peer.
    std::size_t close_connections(std::span<std::uint64_t const> numbers, std::string_view reason);

    /// Checks the timeouts of each connection; run_ticks() calls it once a tick.
    void check_timeouts();

    ///@{
    /// What its connections have done. The second is for any thread.
    worker_statistics& statistics() noexcept { return statistics_; }
    worker_statistics const& statistics() const noexcept { return statistics_; }
    ///@}

    /// Its newest connections. For any thread.
    newest_connections& newest() noexcept { return newest_; }

private:
    static connection_phase phase_of(connection const& conn);
    static connection_sort_values sort_values_of(connection const& conn);
    connection_info info_of(connection const& conn, std::chrono::steady_clock::time_point now) const;

    static constexpr std::size_t max_kept_output = 4096;

    /// Messages and bytes of connections.
    struct exchanged_sum {
        void add(connection const& conn);
        std::uint64_t messages_in = 0;
        std::uint64_t messages_out = 0;
        std::uint64_t bytes_in = 0;
        std::uint64_t bytes_out = 0;
    };

    template <typename Function>
    void publish(Function const& on_each);
    void publish_newest();
    void take_snapshot();

    io_executor executor_;
    base::clock const& clock_;
    buffer_limiter& memory_;
    buffer_pool buffers_;
    server::read_scheduler scheduler_;
    frame_encoder::memory output_;
    std::chrono::milliseconds tick_;
    base::steady_timer timer_;
    std::shared_ptr<ban_set const> bans_ = std::make_shared<ban_set>();  // the other workers have the same
    bool stopping_ = false;
    exchanged_sum ended_;  // of the connections that are gone
    worker_statistics statistics_;
    newest_connections newest_;
    connection_snapshot snapshot_;
    std::size_t health_checks_ = 0;                                   // since they were last reported
    connection* first_ = nullptr;                                     // an intrusive list: the tick iterates over it
    std::unordered_map<std::uint64_t, connection*> unauthenticated_;  // by the connection's number
};

/// Evicts the connection that lost its slot, on its own thread. From any thread.
void notify_evicted(slot_owner const& owner);

/// The workers of a server: one on the caller's thread, which runs `main`, the others on threads of their own. Each has
/// its own io_context, so a connection never changes threads.
class workers {
public:
    /// `count`: at least 1, with the caller's. `main` and `memory` outlive this. The destructor waits until the other
    /// threads have no work left.
    workers(asio::io_context& main, std::size_t count, base::clock const& clock, buffer_limiter& memory,
            std::chrono::milliseconds tick);

    /// The caller's is first.
    std::span<worker* const> all() const noexcept { return handles_; }
    worker& main() const noexcept { return *handles_.front(); }

    /// Lets the other threads end once they have no work.
    void release() { guards_.clear(); }

private:
    std::deque<asio::io_context> contexts_;  // of the other threads
    std::deque<worker> workers_;
    std::vector<worker*> handles_;
    std::vector<std::jthread> threads_;
    std::vector<asio::executor_work_guard<io_executor>> guards_;  // destroyed first, so that the threads can end
};

}  // namespace porter::detail::server
