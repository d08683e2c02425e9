#pragma once

#include "porter/detail/asio_config.hpp"

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>

namespace porter {

/// The executor of an I/O thread. A connection stays on one thread, so its coroutines need no type-erased executor:
/// their frames are a quarter smaller than with `asio::any_io_executor`.
using io_executor = asio::io_context::executor_type;

/// The coroutine type of services, the server and the client. Lazy: it starts when it is awaited or spawned. Within a
/// task, other Asio operations take `use_task` as their completion token:
///
///     co_await timer.async_wait(porter::use_task);
///
/// g++ 12 miscompiles statements that mix a co_await with temporaries: let a co_await stand alone
/// (docs/coroutines.md lists the forms).
template <typename T = void>
using task = asio::awaitable<T, io_executor>;

/// The completion token that makes an Asio operation awaitable in a `task`. It throws `std::system_error`.
inline constexpr asio::use_awaitable_t<io_executor> use_task{};

}  // namespace porter
