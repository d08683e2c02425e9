#pragma once

#include <functional>
#include <memory>

#include "base/asio.hpp"

namespace porter::detail::terminal {

/// Calls a function once after a delay, on the executor, unless the object is destroyed first.
class delayed_call {
public:
    delayed_call(io_executor executor, std::chrono::steady_clock::duration delay, std::function<void()> function)
        : function_(std::make_shared<std::function<void()>>(std::move(function))), timer_(executor, delay)
    {
        timer_.async_wait([weak = std::weak_ptr{function_}](base::error_code cancelled) {
            auto const alive = weak.lock();  // null: the object was destroyed after the timer had expired
            if (!cancelled && alive) (*alive)();
        });
    }
    delayed_call(delayed_call const&) = delete;
    delayed_call& operator=(delayed_call const&) = delete;

private:
    std::shared_ptr<std::function<void()>> function_;
    base::steady_timer timer_;
};

}  // namespace porter::detail::terminal
