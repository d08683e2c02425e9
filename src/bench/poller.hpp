#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>

#include "base/file.hpp"
#include "bench/schedule.hpp"

namespace porter::detail::bench {

/// Waits for sockets and a point in time, by epoll(7) and a timerfd: epoll's own timeout has a resolution of 1 ms.
class poller {
public:
    /// `busy`: polls instead of sleeping. The server then need not wake this thread, which on a virtual machine can
    /// cost it more than the message. Throws std::system_error if no descriptor is left.
    explicit poller(bool busy = false);

    /// Watches a socket in both directions, edge-triggered, until it is closed. False: it failed, see errno.
    bool watch(int fd, std::uint32_t tag) noexcept;

    struct event {
        std::uint32_t tag = 0;
        bool ended = false;  ///< the server has ended its output or the connection: read to the end
    };

    /// Waits for events until that time at most. The result is valid until the next call.
    std::span<event const> wait(moment until);

private:
    static constexpr int max_events = 512;

    void set_timer(moment until) noexcept;

    base::unique_fd epoll_;
    base::unique_fd timer_;
    moment armed_{};
    bool busy_;
    ::epoll_event ready_[max_events];
    event events_[max_events];
};

}  // namespace porter::detail::bench
