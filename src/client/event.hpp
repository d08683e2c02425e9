#pragma once

#include <chrono>

#include "base/asio.hpp"

namespace porter::detail::client {

/// What coroutines of one thread wait for when another of them changes something: wait in a loop that looks at the
/// thing itself, for a wait may end without it.
class event {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Waits end by themselves at `deadline`.
    explicit event(io_executor executor, time_point deadline = time_point::max()) : timer_(executor, deadline) {}

    task<void> wait() { co_await timer_.async_wait(base::use_tuple); }

    void notify() { timer_.cancel(); }

    bool is_set() const { return timer_.expiry() <= std::chrono::steady_clock::now(); }

private:
    base::steady_timer timer_;
};

}  // namespace porter::detail::client
