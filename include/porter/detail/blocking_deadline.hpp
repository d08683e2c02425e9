#pragma once

#include "porter/detail/asio_config.hpp"

#include <poll.h>

#include <algorithm>
#include <asio/error.hpp>
#include <cerrno>
#include <chrono>
#include <limits>
#include <system_error>

#include "porter/detail/time_after.hpp"

namespace porter::detail {

/// The time until which a thread waits for input.
class blocking_deadline {
    using clock = std::chrono::steady_clock;

public:
    explicit blocking_deadline(std::chrono::nanoseconds limit) : end_(time_after(limit)) {}

    bool is_expired() const { return clock::now() >= end_; }

    /// Waits until a read of the descriptor would return at once. After the deadline it only looks whether it would.
    /// Errors: timed_out, interrupted (a signal), and bad_descriptor for a socket that is closed.
    std::error_code wait_for_input(int descriptor) const
    {
        if (descriptor < 0) return asio::error::bad_descriptor;  // poll(2) would ignore it
        for (;;) {
            pollfd waiting{descriptor, POLLIN, 0};
            auto const ready = ::poll(&waiting, 1, milliseconds_left());
            if (ready > 0) return {};
            if (ready < 0) return {errno, asio::error::get_system_category()};
            if (is_expired()) return asio::error::timed_out;
        }
    }

private:
    int milliseconds_left() const
    {
        using std::chrono::milliseconds;
        constexpr milliseconds longest{std::numeric_limits<int>::max()};
        auto const left = std::chrono::ceil<milliseconds>(end_ - clock::now());
        return static_cast<int>(std::clamp(left, milliseconds::zero(), longest).count());
    }

    clock::time_point end_;
};

/// Makes a socket non-blocking while this exists.
template <typename Socket>
class non_blocking_guard {
public:
    explicit non_blocking_guard(Socket& socket, std::error_code& error)
        : socket_(socket), was_non_blocking_(socket.non_blocking())
    {
        socket_.non_blocking(true, error);
    }
    ~non_blocking_guard()
    {
        std::error_code ignored;  // it fails for a closed socket
        socket_.non_blocking(was_non_blocking_, ignored);
    }
    non_blocking_guard(non_blocking_guard const&) = delete;
    non_blocking_guard& operator=(non_blocking_guard const&) = delete;

private:
    Socket& socket_;
    bool was_non_blocking_;
};

}  // namespace porter::detail
