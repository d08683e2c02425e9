#include "base/suspended_task.hpp"

#include <asio/io_context.hpp>
#include <string>
#include <thread>

#include "support/catch.hpp"
#include "support/run.hpp"

using namespace porter;
namespace base = detail::base;

namespace {

struct outcome {
    std::string value;
    std::thread::id thread;
};

/// Waits for a value of another thread.
task<outcome> wait_for_value(std::string value)
{
    auto const executor = co_await asio::this_coro::executor;
    base::suspended_task<std::string> waiting{executor};
    std::thread other;
    auto initiate = [&](base::resume_handler<std::string> handler) {
        waiting.suspend(std::move(handler));
        other = std::thread{[&] { waiting.resume(std::move(value)); }};
    };
    auto operation = base::suspend<std::string>(initiate);
    auto received = co_await std::move(operation);
    other.join();
    outcome result{std::move(received), std::this_thread::get_id()};
    co_return result;
}

}  // namespace

TEST_CASE("a suspended task resumes on its own thread with the value of another")
{
    asio::io_context io;
    std::string const long_text(100, '.');
    auto const received = testing::run(io, wait_for_value(long_text));
    CHECK(received.value == long_text);
    CHECK(received.thread == std::this_thread::get_id());
}

TEST_CASE("a block allocator hands out the block that it was given")
{
    auto* const block = new std::byte[64];
    base::block_allocator<std::byte, 64> const bytes{block};
    base::block_allocator<std::uint64_t, 64> const numbers{bytes};
    auto* const number = numbers.allocate(1);
    CHECK(static_cast<void*>(number) == static_cast<void*>(block));
    numbers.deallocate(number, 1);
}
