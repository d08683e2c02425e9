#pragma once

#include <asio/io_context.hpp>
#include <atomic>
#include <chrono>
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
#include "server/acceptor.hpp"
#include "server/buffer_pool.hpp"
#include "server/connection_limiter.hpp"
#include "server/server_context.hpp"
#include "server/worker.hpp"

namespace porter::detail::server {

/// Opens the door, lets visitors in, and lets everybody out again: what runs a server once its rooms are built. A test
/// hands in an acceptor on port 0, a memory store and a clock of its own. Members are for the main I/O thread, or for
/// before it runs.
class tcp_server {
public:
    /// `main` is the io_context that the caller runs; `threads` counts its thread. All arguments outlive this.
    tcp_server(asio::io_context& main, std::size_t threads, server_context const& rooms);
    /// Stops, and runs `main` until everything that was started has ended.
    ~tcp_server();

    /// Adds a listening socket. Before start().
    void add(base::tcp_acceptor acceptor);

    std::vector<asio::ip::tcp::endpoint> local_endpoints() const;

    /// Starts accepting, watching deadlines and keeping house; all of it runs when `main` runs.
    void start();

    /// No new connections; closing(shutting_down) to all, cut off after `drain_time`. Then nothing of this is left
    /// that keeps `main` running. The reason is for the log.
    void stop(std::string_view reason = "a stop was requested");

    /// Called with the reason when it stops by itself.
    void on_failure(std::function<void(std::string const& reason)> failed) { on_failure_ = std::move(failed); }

    /// Connections that have a place now.
    std::size_t connections() const { return limiter_.taken(); }

    /// Exceptions that escaped a connection so far: each one a mistake of ours.
    std::size_t defects() const noexcept { return defects_; }

private:
    void on_accept(stream socket, identity::address from, worker& thread);
    void end_sessions(std::span<store::ended_session const> ended);
    void spawn(io_executor where, task<void> work);
    void spawn_background(task<void> work);
    void report_defect(std::exception_ptr escaped);
    void on_ended(std::exception_ptr escaped);
    void finish();
    task<void> close_after_drain();
    task<void> run_maintenance();
    task<void> watch_ends();
    void record_activity();
    task<std::vector<store::session_id>> live_sessions();
    task<void> recheck_sessions();
    task<void> stop_after_store_loss(std::string reason);

    asio::io_context& main_;
    server_context const& ctx_;
    connection_limiter limiter_;
    buffer_limiter memory_;
    std::uint64_t last_connection_ = 0;
    workers workers_;
    std::deque<acceptor> acceptors_;
    acceptor::accept_handler on_accept_;
    base::steady_timer drain_timer_;
    base::steady_timer maintenance_timer_;
    base::steady_timer ends_timer_;
    base::steady_timer loss_timer_;
    std::function<void(std::string const&)> on_failure_;
    std::chrono::milliseconds maintenance_period_;
    std::atomic<std::size_t> running_ = 0;  // accept loops, connections and the threads' watches
    std::atomic<std::size_t> defects_ = 0;
    std::size_t background_tasks_ = 0;
    bool started_ = false;
    bool stopping_ = false;
    bool finished_ = false;
};

}  // namespace porter::detail::server
