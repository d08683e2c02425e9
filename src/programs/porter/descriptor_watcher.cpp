#include "programs/porter/descriptor_watcher.hpp"

#include <sys/epoll.h>

#include <cerrno>

#include <asio/redirect_error.hpp>

namespace porter::programs {

descriptor_watcher::descriptor_watcher(io_executor executor, int descriptor)
    : descriptor_(descriptor), epoll_(executor, ::epoll_create1(EPOLL_CLOEXEC))
{
    ::epoll_event no_events{};
    is_always_ready_ =
        ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, descriptor_, &no_events) != 0 && errno == EPERM;
}

task<std::error_code> descriptor_watcher::wait_readable()
{
    auto error = co_await wait_for(EPOLLIN);
    co_return error;
}

task<std::error_code> descriptor_watcher::wait_writable()
{
    auto error = co_await wait_for(EPOLLOUT);
    co_return error;
}

/// Another process may read the input first; then the wait continues.
task<std::error_code> descriptor_watcher::wait_for(std::uint32_t events)
{
    if (is_always_ready_) co_return std::error_code{};
    ::epoll_event wanted{};
    wanted.events = events;
    if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_MOD, descriptor_, &wanted) != 0) {
        co_return std::error_code{errno, std::system_category()};
    }
    do {
        std::error_code error;
        co_await epoll_.async_wait(decltype(epoll_)::wait_read, asio::redirect_error(use_task, error));
        if (error) co_return error;
    } while (!is_ready());
    co_return std::error_code{};
}

bool descriptor_watcher::is_ready()
{
    ::epoll_event found{};
    return ::epoll_wait(epoll_.native_handle(), &found, 1, 0) > 0;
}

}  // namespace porter::programs
