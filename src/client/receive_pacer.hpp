#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace porter::detail::client {

/// How much a connection reads while its program does not receive: just enough that the server does not close it as
/// slow_consumer. A server wants some output to be acknowledged every 10 s, and all of it at 64 KiB a second
/// (docs/PROTOCOL.md). The kernel acknowledges nothing while its own buffer is full: it announces space only once a
/// sixteenth of the buffer is free. So each period reads an eighth of that buffer, too.
class receive_pacer {
public:
    using time_point = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::seconds period{4};
    static constexpr std::size_t least = 4 * 96 * 1024;  ///< bytes a period: half as fast again as demanded

    /// Whether nothing more may be read before next_period(). `kernel_buffer`: the size of the socket's receive buffer,
    /// in bytes.
    bool is_spent(time_point now, std::size_t kernel_buffer)
    {
        if (now >= next_period_) {
            next_period_ = now + period;
            left_ = std::max(least, kernel_buffer / 8);
        }
        return left_ == 0;
    }

    /// Counts bytes that were read.
    void add(std::size_t size) noexcept { left_ -= std::min(size, left_); }

    time_point next_period() const noexcept { return next_period_; }

private:
    time_point next_period_{};
    std::size_t left_ = 0;
};

}  // namespace porter::detail::client
