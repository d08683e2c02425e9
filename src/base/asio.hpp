#pragma once

// Asio's versions, completion tokens and typed I/O objects are chosen here only.

#include <asio/async_result.hpp>
#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <chrono>
#if __has_include(<asio/as_tuple.hpp>)
#include <asio/as_tuple.hpp>
#else  // Asio before 1.24 (Debian 12)
#include <asio/experimental/as_tuple.hpp>
#endif

#include "porter/task.hpp"

namespace porter::detail::base {

using error_code = asio::error_code;

using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, io_executor>;
using tcp_acceptor = asio::basic_socket_acceptor<asio::ip::tcp, io_executor>;
using tcp_resolver = asio::ip::basic_resolver<asio::ip::tcp, io_executor>;
using steady_timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, io_executor>;

#if __has_include(<asio/as_tuple.hpp>)
using use_tuple_t = asio::as_tuple_t<asio::use_awaitable_t<io_executor>>;
#else
using use_tuple_t = asio::experimental::as_tuple_t<asio::use_awaitable_t<io_executor>>;
#endif

/// The completion token of all modules. It returns an operation's error code and never throws it:
/// `auto [error, size] = co_await socket.async_read_some(buffer, base::use_tuple);`
inline constexpr use_tuple_t use_tuple{use_task};

/// The same for the hot path of a message: it returns the size alone and stores the error code in `error`.
inline auto into(error_code& error)
{
    return asio::redirect_error(use_task, error);
}

/// The same for an operation that is cancelled through its socket. A connected cancellation slot would keep memory and
/// cost work for each operation.
inline auto uncancelled(error_code& error)
{
    return asio::bind_cancellation_slot(asio::cancellation_slot{}, into(error));
}

/// Resumes a coroutine that waits for these values. Call it once, but not within the initiation that received it.
template <typename... Values>
using resume_handler = typename asio::async_result<asio::use_awaitable_t<io_executor>, void(Values...)>::handler_type;

/// Suspends the coroutine that awaits this; `start` is called with the resume_handler<Values...>.
template <typename... Values, typename Start>
auto suspend(Start start)
{
    auto token = use_task;
    return asio::async_initiate<decltype(token), void(Values...)>(start, token);
}

/// Waits for a timer; false: it was cancelled.
inline task<bool> wait_for_expiry(steady_timer& timer)
{
    auto const [cancelled] = co_await timer.async_wait(use_tuple);
    co_return !cancelled;
}

}  // namespace porter::detail::base
