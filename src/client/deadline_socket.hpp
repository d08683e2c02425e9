#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "base/asio.hpp"

namespace porter::detail::client {

/// A socket or stream that is closed at a deadline, which ends its pending operations. Shared with the timer's handler,
/// which may run after the operation.
template <typename Socket>
struct deadline_socket {
    explicit deadline_socket(Socket socket_) : socket(std::move(socket_)), timer(socket.get_executor()) {}

    Socket socket;
    base::steady_timer timer;  ///< cancelled when the socket is no longer needed
};

template <typename Socket>
std::shared_ptr<deadline_socket<Socket>> make_deadline_socket(Socket socket,
                                                              std::chrono::steady_clock::time_point deadline)
{
    auto shared = std::make_shared<deadline_socket<Socket>>(std::move(socket));
    shared->timer.expires_at(deadline);
    shared->timer.async_wait([shared](base::error_code cancelled) {
        base::error_code ignored;  // a socket that was moved from is not open
        if (!cancelled) shared->socket.close(ignored);
    });
    return shared;
}

}  // namespace porter::detail::client
