#pragma once

#include <asio/io_context.hpp>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/asio.hpp"
#include "metrics/counter.hpp"
#include "porter/connection_info.hpp"
#include "server/acceptor.hpp"
#include "server/ban_publisher.hpp"
#include "server/buffer_pool.hpp"
#include "server/connection_limiter.hpp"
#include "server/connection_query.hpp"
#include "server/server_context.hpp"
#include "server/worker.hpp"

namespace porter::detail::server {

/// Runs a server: accepts connections, spawns their coroutines, does background work, and stops. Call its members on
/// the main I/O thread, or before that runs.
class tcp_server {
public:
    /// `main` is the io_context that the caller runs; `threads` counts the caller's. All arguments outlive this.
    tcp_server(asio::io_context& main, std::size_t threads, server_context const& ctx);
    /// Stops, and runs `main` until everything that was started has ended.
    ~tcp_server();

    /// Adds a listening socket. Before start().
    void add(base::tcp_acceptor acceptor);

    std::vector<asio::ip::tcp::endpoint> local_endpoints() const;

    /// Serves the connected socket with this descriptor as one that was accepted from this address; for tests.
    /// After start().
    void adopt(int descriptor, identity::address from);

    /// Starts accepting, timeouts and background work, which run when `main` runs.
    void start();

    /// Stops accepting, and closes all connections with shutting_down; those that are left after `drain_time` are cut.
    /// Then nothing of this keeps `main` running. The reason is for the log.
    void stop(std::string_view reason = "a stop was requested");

    /// Called with the reason when the server stops because of an error.
    void on_failure(std::function<void(std::string const& reason)> failed) { on_failure_ = std::move(failed); }

    /// Connections that have a slot. From any thread.
    std::size_t connections() const { return limiter_.taken(); }

    /// The first `limit` of these with a larger number than `after`, in the order of their numbers. On the main I/O
    /// thread, or in a service. Each worker answers between its other work; after the last connection has ended, and
    /// the workers have, nothing is found.
    task<std::vector<connection_info>> list_connections(std::uint64_t after, std::size_t limit);

    /// All of them, in pieces that are short enough for the workers.
    task<std::vector<connection_info>> list_connections();

    /// All connections counted by phase, and the first rows of those that the query selects. Called and answered as
    /// list_connections() is.
    task<connection_sample> sample_connections(connection_query query);

    /// The context's options were replaced: applies the limits and times among them. Existing connections keep their
    /// slots.
    void on_options_changed();

    /// Completes when each I/O thread and the store have answered; an error of the store is an answer. On the main I/O
    /// thread.
    task<void> probe();

    /// Closes the connections with these numbers as code::normal, and returns how many did not end already. `reason` is
    /// for their peers. On the main I/O thread, or in a service.
    task<std::size_t> close_connections(std::vector<std::uint64_t> numbers, std::string reason);

    /// Checks the timeouts of all connections soon, without waiting for the next tick.
    void check_timeouts();

    /// Exceptions that escaped a connection or background task so far: each is a bug.
    std::size_t defects() const noexcept { return defects_; }

    ///@{
    /// From any thread.
    std::uint64_t accepted() const noexcept { return accepted_.value(); }
    std::uint64_t closed_at_once() const noexcept { return closed_at_once_.value(); }  ///< server_full, without a frame
    bool is_stopping() const noexcept { return stopping_; }
    /// For their statistics and samples.
    std::span<worker* const> all_workers() const noexcept { return workers_.all(); }
    std::shared_ptr<ban_set const> bans() const { return bans_.current(); }
    ///@}

private:
    /// On the main I/O thread; the socket belongs to that of the worker already.
    void on_accept(stream socket, identity::address from, worker& thread);
    void close_connections_of(std::span<store::ended_session const> ended);
    void on_partitioned();
    void on_rejoined();
    void spawn(io_executor where, task<void> work);
    void spawn_background(task<void> work);
    void report_defect(std::exception_ptr escaped);
    void on_ended(std::exception_ptr escaped);
    void finish();
    task<void> close_after_drain();
    task<void> run_maintenance();
    task<void> run_expiry_checks();
    task<void> close_after_grace();
    void record_activity();
    task<std::vector<store::session_id>> live_sessions();
    task<void> recheck_sessions();
    task<void> stop_after_store_loss(std::string reason);

    asio::io_context& main_;
    server_context const& ctx_;
    connection_limiter limiter_;
    buffer_limiter memory_;
    std::uint64_t last_connection_ = 0;
    metrics::counter accepted_;
    metrics::counter closed_at_once_;
    std::size_t last_worker_ = 0;  // of adopt()
    workers workers_;
    ban_publisher bans_;
    std::deque<acceptor> acceptors_;
    acceptor::accept_handler on_accept_;
    base::steady_timer drain_timer_;
    base::steady_timer maintenance_timer_;
    base::steady_timer ends_timer_;
    base::steady_timer loss_timer_;
    base::steady_timer partition_timer_;  // cancelled when grace_ends_ changes
    std::chrono::steady_clock::time_point grace_ends_ = std::chrono::steady_clock::time_point::max();
    std::function<void(std::string const&)> on_failure_;
    std::chrono::milliseconds maintenance_period_;
    std::atomic<std::size_t> running_ = 0;  // accept loops, connections and the workers' ticks
    std::atomic<std::size_t> defects_ = 0;
    std::size_t background_tasks_ = 0;
    bool started_ = false;
    std::atomic<bool> stopping_ = false;
    bool finished_ = false;
};

}  // namespace porter::detail::server
