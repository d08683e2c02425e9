#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/asio.hpp"
#include "base/clock.hpp"
#include "log/logger.hpp"
#include "porter/error.hpp"
#include "server/buffer_pool.hpp"
#include "server/connection_limiter.hpp"
#include "server/read_scheduler.hpp"
#include "store/records.hpp"

namespace porter::detail::server {

class connection;

/// One I/O thread's share of the house: its io_context, the peers that live on it with what they read into, and the
/// tick that watches their deadlines. All members are for that thread alone; post to executor() from others.
class worker {
public:
    /// `tick`: how fine deadlines are watched. `io` and `memory` outlive this.
    worker(asio::io_context& io, base::clock const& clock, buffer_limiter& memory, std::chrono::milliseconds tick);
    ~worker();
    worker(worker const&) = delete;
    worker& operator=(worker const&) = delete;

    io_executor executor() const noexcept { return executor_; }

    /// What the peers read into.
    std::pmr::memory_resource& buffers() noexcept { return buffers_; }

    /// How much they may hold.
    buffer_limiter& memory() noexcept { return memory_; }

    /// In what order the peers read.
    server::read_scheduler& scheduler() noexcept { return scheduler_; }

    /// What the peers write from: they queue, write and are done one after another, so one piece of memory serves all
    /// of them and stays in the processor's cache. Whoever has to wait for a slow visitor keeps it so long.
    void lend_output(frame_encoder& to) noexcept { to.swap_memory(output_); }
    void return_output(frame_encoder& from) noexcept
    {
        if (from.capacity() > output_.capacity()) from.swap_memory(output_);
        if (from.capacity() > worth_giving_back) from.trim();
    }

    void add(connection& conn);
    /// Nobody takes this one's place away any more.
    void mark_authenticated(connection const& conn);
    void remove(connection& conn);

    /// A connection ended that sent nothing.
    void count_health_check() noexcept { ++health_checks_; }

    /// Logs how many of those there were since the last call, where they are more than health checks would be.
    void report_health_checks(log::logger& log);

    /// Watches the deadlines until stop() was called and the last peer has left.
    task<void> watch();

    /// Interrupts everybody with shutting_down.
    void stop();

    /// Closes every socket without leave.
    void close_all();

    /// Tells the connection with this number, if it is still here, that its place was given away.
    void evict(std::uint64_t connection);

    /// Interrupts those whose session is among these, which are sorted.
    void end_sessions(std::span<store::session_id const> ended);

    /// The sessions of everybody here.
    std::vector<store::session_id> sessions() const;

private:
    static constexpr std::size_t worth_giving_back = 4096;

    io_executor executor_;
    base::clock const& clock_;
    buffer_limiter& memory_;
    buffer_pool buffers_;
    server::read_scheduler scheduler_;
    frame_encoder::memory output_;
    std::chrono::milliseconds tick_;
    base::steady_timer timer_;
    bool stopping_ = false;
    std::size_t health_checks_ = 0;  // since they were last reported
    connection* first_ = nullptr;    // an intrusive list, because the tick goes through all of them
    std::unordered_map<std::uint64_t, connection*> unauthenticated_;  // by the connection's number
};

/// Tells whoever lost a place so, on its own thread. From any thread.
void notify_evicted(slot_owner const& owner);

/// The I/O threads of a server: the caller's, which runs its own io_context, and as many more as asked for, each with
/// an io_context of its own, so that a connection never changes threads.
class workers {
public:
    /// `count`: at least 1, the caller's included. `main` and `memory` outlive this.
    workers(asio::io_context& main, std::size_t count, base::clock const& clock, buffer_limiter& memory,
            std::chrono::milliseconds tick);
    // It is destroyed when nothing is left to do on the other threads, and waits for them.

    /// The caller's comes first.
    std::span<worker* const> all() const noexcept { return handles_; }
    worker& main() const noexcept { return *handles_.front(); }

    /// Lets the other threads end when their work is done.
    void release() { guards_.clear(); }

private:
    std::deque<asio::io_context> contexts_;  // of the other threads; a deque because they cannot move
    std::deque<worker> workers_;
    std::vector<worker*> handles_;
    std::vector<std::jthread> threads_;
    std::vector<asio::executor_work_guard<io_executor>> guards_;  // the first to go, so that the threads can end
};

}  // namespace porter::detail::server
