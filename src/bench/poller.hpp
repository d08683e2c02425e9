#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>

#include "base/file.hpp"
#include "bench/schedule.hpp"

namespace porter::detail::bench {

/// Waits for many sockets and one moment, to the microsecond: epoll(7) with a timerfd, for its own timeout has the
/// grain of a millisecond.
class poller {
public:
    /// `busy`: it looks again and again instead of sleeping; then nobody has to wake it, which on a virtual machine can
    /// cost the server that does it more than the message. Throws std::system_error when the machine has no descriptors
    /// left.
    explicit poller(bool busy = false);

    /// Watches a socket for both directions, edge-triggered, until it is closed. False, with errno, when that fails.
    bool watch(int descriptor, std::uint32_t tag) noexcept;

    struct event {
        std::uint32_t tag = 0;
        bool ended = false;  ///< the other side is gone, or half gone: read to the end
    };

    /// Waits for events, at most until that moment; valid until the next call.
    std::span<event const> wait(moment until);

private:
    static constexpr int at_once = 512;

    void set_timer(moment until) noexcept;

    base::unique_fd epoll_;
    base::unique_fd timer_;
    moment armed_{};
    bool busy_;
    ::epoll_event ready_[at_once];
    event events_[at_once];
};

}  // namespace porter::detail::bench
