#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <span>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "server/worker.hpp"

namespace porter::detail::server {

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
