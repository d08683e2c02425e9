#include "bench/poller.hpp"

#include <sys/timerfd.h>

#include <cerrno>
#include <system_error>

namespace porter::detail::bench {

namespace {

constexpr std::uint64_t timer_tag = UINT64_MAX;

[[noreturn]] void fail(char const* action)
{
    throw std::system_error(errno, std::generic_category(), action);
}

}  // namespace

poller::poller(bool busy)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)), busy_(busy)
{
    if (!epoll_ || !timer_) fail("cannot wait for sockets");
    ::epoll_event interest{};
    interest.events = EPOLLIN | EPOLLET;
    interest.data.u64 = timer_tag;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), &interest) != 0) fail("cannot wait for a timer");
}

bool poller::watch(int fd, std::uint32_t tag) noexcept
{
    ::epoll_event interest{};
    interest.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    interest.data.u64 = tag;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &interest) == 0;
}

void poller::set_timer(moment until) noexcept
{
    if (armed_ == until) return;  // it fires once, and each further wait is for a later time
    armed_ = until;
    auto const seconds = std::chrono::floor<std::chrono::seconds>(until.time_since_epoch());
    ::itimerspec timer{};
    timer.it_value.tv_sec = static_cast<::time_t>(seconds.count());
    timer.it_value.tv_nsec = static_cast<long>((until.time_since_epoch() - seconds).count());
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &timer, nullptr);
}

std::span<poller::event const> poller::wait(moment until)
{
    set_timer(until);
    int count = 0;
    do {
        count = ::epoll_wait(epoll_.get(), ready_, max_events, busy_ ? 0 : -1);
    } while (count == 0);
    if (count < 0 && errno != EINTR) fail("cannot wait for sockets");
    std::size_t filled = 0;
    for (int i = 0; i < count; ++i) {
        if (ready_[i].data.u64 == timer_tag) continue;
        auto const ended = (ready_[i].events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0;
        events_[filled++] = {static_cast<std::uint32_t>(ready_[i].data.u64), ended};
    }
    return {events_, filled};
}

}  // namespace porter::detail::bench
