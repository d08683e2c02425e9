// The parent's own library on Asio: header-only, with default settings, without Porter.
#include <asio.hpp>

#include "elsewhere.hpp"

namespace {

int steps = 0;

asio::awaitable<int> child(int n)
{
    co_return n + 1;
}

asio::awaitable<void> work()
{
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer{executor};
    int n = 0;
    for (int i = 0; i < 1000; ++i) n = co_await child(n);
    timer.expires_after(std::chrono::milliseconds(1));
    co_await timer.async_wait(asio::use_awaitable);
    steps += n;
}

}  // namespace

void start_elsewhere(asio::io_context& io)
{
    auto rethrow = [](std::exception_ptr error) { error ? std::rethrow_exception(error) : void(); };
    for (int i = 0; i < 10; ++i) asio::co_spawn(io, work(), rethrow);
    asio::post(io, [] { ++steps; });
}

int steps_elsewhere()
{
    return steps;
}
