#pragma once

#include <chrono>

#include "base/asio.hpp"
#include "base/cancellation_check.hpp"

namespace porter::detail::base {

/// A condition variable for coroutines of one thread, with a deadline. A wait may end spuriously: wait in a loop that
/// checks the condition and, where there is a deadline, is_expired(). A wait throws asio::error::operation_aborted if
/// its coroutine was cancelled, even if it was notified at the same moment.
class condition_variable {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Every wait ends at `deadline`.
    explicit condition_variable(io_executor executor, time_point deadline = time_point::max())
        : timer_(executor, deadline)
    {}

    task<void> wait()
    {
        auto const state = co_await asio::this_coro::cancellation_state;
        cancellation_check const cancellation{state};
        co_await timer_.async_wait(use_tuple);
        cancellation.throw_if_cancelled();
    }

    /// The same until `deadline` instead of the constructor's. For one coroutine at a time: it ends the other waits.
    task<void> wait_until(time_point deadline)
    {
        timer_.expires_at(deadline);
        co_await wait();
    }

    /// Ends all waits.
    void notify() { timer_.cancel(); }

    bool is_expired() const { return timer_.expiry() <= std::chrono::steady_clock::now(); }

private:
    steady_timer timer_;
};

}  // namespace porter::detail::base
