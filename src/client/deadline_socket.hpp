#pragma once

#include <chrono>
#include <memory>

#include "base/asio.hpp"

namespace porter::detail::client {

/// A socket that is closed when its time is over: whatever waits on it ends then. Shared with the timer's handler,
/// which may come late.
struct deadline_socket {
    explicit deadline_socket(base::tcp_socket made) : socket(std::move(made)), deadline(socket.get_executor()) {}

    base::tcp_socket socket;
    base::steady_timer deadline;
};

inline std::shared_ptr<deadline_socket> make_deadline_socket(base::tcp_socket socket,
                                                             std::chrono::steady_clock::time_point deadline)
{
    auto trying = std::make_shared<deadline_socket>(std::move(socket));
    trying->deadline.expires_at(deadline);
    trying->deadline.async_wait([trying](base::error_code cancelled) {
        base::error_code ignored;  // done at the last moment, and its socket handed on: nothing is open here
        if (!cancelled) trying->socket.close(ignored);
    });
    return trying;
}

}  // namespace porter::detail::client
