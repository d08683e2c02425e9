#include "client/lingering_close.hpp"

#include <algorithm>
#include <array>

#include "base/asio.hpp"
#include "client/deadline_socket.hpp"

namespace porter::detail::client {

namespace {

constexpr std::chrono::seconds linger_time{2};  // docs/PROTOCOL.md, closing

}  // namespace

task<void> lingering_close(stream socket, std::chrono::steady_clock::time_point deadline)
{
    auto const limit = std::min(deadline, std::chrono::steady_clock::now() + linger_time);
    auto const closing = make_deadline_socket(std::move(socket), limit);
    auto error = co_await closing->socket.end_sending();
    std::array<char, 1024> discarded;
    while (!error) {
        auto const [failed, size] = co_await closing->socket.async_read_some(asio::buffer(discarded), base::use_tuple);
        error = failed;
    }
    closing->timer.cancel();
}

}  // namespace porter::detail::client
