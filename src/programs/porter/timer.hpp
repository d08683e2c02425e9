#pragma once

#include <asio/basic_waitable_timer.hpp>
#include <asio/redirect_error.hpp>
#include <chrono>
#include <system_error>

#include "porter/task.hpp"

namespace porter::programs {

/// Lets coroutines of one thread wait for a moment, or for a change of which another coroutine notifies them.
class timer {
public:
    using clock = std::chrono::steady_clock;

    explicit timer(io_executor executor) : timer_(executor, clock::time_point::max()) {}

    /// Waits until notify().
    task<void> wait() { return wait_until(clock::time_point::max()); }

    /// Waits until the deadline or notify(). One coroutine at a time: it ends other waits.
    task<void> wait_until(clock::time_point deadline)
    {
        std::error_code ignored;
        if (timer_.expiry() != deadline) timer_.expires_at(deadline);
        co_await timer_.async_wait(asio::redirect_error(use_task, ignored));
    }

    /// Waits for a pause, or until notify(). One coroutine at a time: it ends other waits.
    task<void> wait_for(clock::duration pause) { return wait_until(clock::now() + pause); }

    /// Ends all waits.
    void notify() { timer_.cancel(); }

private:
    asio::basic_waitable_timer<clock, asio::wait_traits<clock>, io_executor> timer_;
};

}  // namespace porter::programs
