#include "client/lingering_close.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "base/asio.hpp"

namespace porter::detail::client {

namespace {

constexpr std::chrono::seconds linger_time{2};  // docs/PROTOCOL.md, closing

/// Shared with the timer's handler, which may run after the coroutine.
struct closing_stream {
    explicit closing_stream(stream socket_) : socket(std::move(socket_)), timer(socket.get_executor()) {}

    stream socket;
    base::steady_timer timer;
};

}  // namespace

task<void> lingering_close(stream socket, std::chrono::steady_clock::time_point deadline)
{
    auto const closing = std::make_shared<closing_stream>(std::move(socket));
    closing->timer.expires_at(std::min(deadline, std::chrono::steady_clock::now() + linger_time));
    closing->timer.async_wait([closing](base::error_code cancelled) {
        base::error_code ignored;  // closed already
        if (!cancelled) closing->socket.close(ignored);
    });
    auto error = co_await closing->socket.end_sending();
    std::array<char, 1024> discarded;
    while (!error) {
        auto const [failed, size] = co_await closing->socket.async_read_some(asio::buffer(discarded), base::use_tuple);
        error = failed;
    }
    closing->timer.cancel();
}

}  // namespace porter::detail::client
