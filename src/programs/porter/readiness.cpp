#include "programs/porter/readiness.hpp"

#include <sys/epoll.h>

#include <cerrno>

#include "base/asio.hpp"

namespace porter::programs {

readiness::readiness(io_executor executor, int descriptor)
    : descriptor_(descriptor), watch_(executor, ::epoll_create1(EPOLL_CLOEXEC))
{
    ::epoll_event nothing{};
    always_ = ::epoll_ctl(watch_.native_handle(), EPOLL_CTL_ADD, descriptor_, &nothing) != 0 && errno == EPERM;
}

task<std::error_code> readiness::to_read()
{
    auto error = co_await wait_for(EPOLLIN);
    co_return error;
}

task<std::error_code> readiness::to_write()
{
    auto error = co_await wait_for(EPOLLOUT);
    co_return error;
}

/// Asio may wake for what somebody else has read meanwhile; then the wait goes on.
task<std::error_code> readiness::wait_for(std::uint32_t event)
{
    if (always_) co_return std::error_code{};
    ::epoll_event wanted{};
    wanted.events = event;
    if (::epoll_ctl(watch_.native_handle(), EPOLL_CTL_MOD, descriptor_, &wanted) != 0) {
        co_return std::error_code{errno, std::system_category()};
    }
    do {
        auto [error] = co_await watch_.async_wait(decltype(watch_)::wait_read, detail::base::use_tuple);
        if (error) co_return error;
    } while (!is_ready());
    co_return std::error_code{};
}

bool readiness::is_ready()
{
    ::epoll_event found{};
    return ::epoll_wait(watch_.native_handle(), &found, 1, 0) > 0;
}

}  // namespace porter::programs
