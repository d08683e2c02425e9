#pragma once

#include <system_error>

#include "base/asio.hpp"

namespace porter::detail::base {

/// Tells whether the coroutine has been cancelled since this object was made. A coroutine that does not throw when it
/// is cancelled (this_coro::throw_if_cancelled(false), as a service's) gets each cancellation once, in the operation at
/// hand: what waits must check it before it goes on. An earlier cancellation does not count.
class cancellation_check {
public:
    explicit cancellation_check(asio::cancellation_state state) : state_(state), before_(state.cancelled()) {}

    /// Throws asio::error::operation_aborted if it has been cancelled.
    void throw_if_cancelled() const
    {
        if (state_.cancelled() != before_) throw std::system_error(asio::error::operation_aborted);
    }

private:
    asio::cancellation_state state_;
    asio::cancellation_type before_;
};

}  // namespace porter::detail::base
