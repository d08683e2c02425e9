#pragma once

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "porter/task.hpp"

namespace porter::testing {

/// Runs one task to its end on this context, and rethrows its exception.
inline void run(asio::io_context& io, task<void> work)
{
    std::exception_ptr thrown;
    bool ended = false;
    io.restart();
    asio::co_spawn(io, std::move(work), [&](std::exception_ptr error) {
        thrown = error;
        ended = true;
        io.stop();
    });
    io.run();
    if (thrown) std::rethrow_exception(thrown);
    if (!ended) throw std::runtime_error("the task did not end: the context ran out of work");
}

/// Stores the value of a task.
template <typename T>
task<void> keep_value(task<T> work, std::optional<T>& value)
{
    value.emplace(co_await std::move(work));
}

/// The same; returns the task's value.
template <typename T>
T run(asio::io_context& io, task<T> work)
{
    std::optional<T> value;
    run(io, keep_value(std::move(work), value));
    return std::move(*value);
}

template <typename T>
T run(task<T> work)
{
    asio::io_context io;
    return run(io, std::move(work));
}

/// Lets what is ready on this thread run, this many times.
inline task<void> yield(int times = 1)
{
    auto const executor = co_await asio::this_coro::executor;
    for (int i = 0; i < times; ++i) co_await asio::post(executor, use_task);
}

}  // namespace porter::testing
