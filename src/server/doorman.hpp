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
#include "server/buffer_limiter.hpp"
#include "server/house.hpp"
#include "server/io_threads.hpp"
#include "server/listener.hpp"
#include "server/quota.hpp"

namespace porter::rooms::server {

/// Opens the door, lets visitors in, and lets everybody out again: what runs a server once its rooms are built. A test
/// hands in an acceptor on port 0, a memory store and a clock of its own. Members are for the main I/O thread, or for
/// before it runs.
class doorman {
public:
    /// `main` is the io_context that the caller runs; `threads` counts its thread. All arguments outlive this.
    doorman(asio::io_context& main, std::size_t threads, house const& rooms);
    /// Stops, and runs `main` until everything that was started has ended.
    ~doorman();

    /// Adds a listening socket. Before start().
    void add(base::tcp_acceptor acceptor);

    std::vector<asio::ip::tcp::endpoint> local_endpoints() const;

    /// Starts accepting, watching deadlines and keeping house; all of it runs when `main` runs.
    void start();

    /// No new connections; closing(shutting_down) to all, cut off after `drain_time`. Then nothing of this is left
    /// that keeps `main` running. The reason is for the log.
    void stop(std::string_view reason = "a stop was requested");

    /// Called with the reason when it stops by itself.
    void on_failure(std::function<void(std::string const& reason)> failed) { failed_ = std::move(failed); }

    /// Connections that have a place now.
    std::size_t connections() const { return quota_.taken(); }

    /// Exceptions that escaped a connection so far: each one a mistake of ours.
    std::size_t defects() const noexcept { return defects_; }

private:
    void receive(stream socket, identity::address from, io_thread& thread);
    void end_sessions(std::span<store::ended_session const> ended);
    void spawn(io_executor where, task<void> work);
    void spawn_housework(task<void> work);
    void report_defect(std::exception_ptr escaped);
    void ended(std::exception_ptr escaped);
    void finish();
    task<void> cut_off_late_ones();
    task<void> keep_house();
    task<void> watch_ends();
    void note_uses();
    task<std::vector<store::session_id>> live_sessions();
    task<void> look_again();
    task<void> give_up();

    asio::io_context& main_;
    house const& house_;
    quota quota_;
    buffer_limiter memory_;
    std::uint64_t connections_so_far_ = 0;
    io_threads threads_;
    std::deque<listener> listeners_;
    listener::receiver receiver_;
    base::steady_timer drain_timer_;
    base::steady_timer house_timer_;
    base::steady_timer ends_timer_;
    base::steady_timer loss_timer_;
    std::function<void(std::string const&)> failed_;
    std::chrono::milliseconds house_period_;
    std::atomic<std::size_t> running_ = 0;  // accept loops, connections and the threads' watches
    std::atomic<std::size_t> defects_ = 0;
    std::size_t housework_ = 0;
    bool started_ = false;
    bool stopping_ = false;
    bool finished_ = false;
};

}  // namespace porter::rooms::server
