#include "store/postgres/network_queue.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <atomic>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/run.hpp"

using namespace porter::testing;
using porter::task;
using porter::detail::store::postgres::network_queue;

namespace {

struct work_counter {
    std::atomic<int> at_work = 0;
    std::atomic<int> most = 0;
    std::atomic<int> done = 0;

    void begin()
    {
        auto const now = ++at_work;
        auto before = most.load();
        while (before < now && !most.compare_exchange_weak(before, now)) {
        }
    }
    void end()
    {
        --at_work;
        ++done;
    }
};

task<void> work(network_queue& queue, std::string network, work_counter& counter)
{
    co_await queue.begin(network);
    network_queue::slot const slot{queue, network};
    counter.begin();
    co_await yield(3);
    counter.end();
}

void start(asio::io_context& io, task<void> one)
{
    asio::co_spawn(io, std::move(one), [](std::exception_ptr error) {
        if (error) std::rethrow_exception(error);
    });
}

}  // namespace

TEST_CASE("one task of a network works at a time")
{
    asio::io_context io;
    network_queue queue;
    work_counter counter;
    for (int i = 0; i < 20; ++i) start(io, work(queue, "192.0.2.1", counter));
    io.run();
    CHECK(counter.done == 20);
    CHECK(counter.most == 1);
}

TEST_CASE("tasks of different networks work at the same time")
{
    asio::io_context io;
    network_queue queue;
    work_counter counter;
    for (int i = 0; i < 20; ++i) start(io, work(queue, "192.0.2." + std::to_string(i), counter));
    io.run();
    CHECK(counter.done == 20);
    CHECK(counter.most == 20);
}

TEST_CASE("tasks of a network work in order")
{
    asio::io_context io;
    network_queue queue;
    std::vector<int> order;
    auto const note = [&](int number) -> task<void> {
        std::string const network = "192.0.2.1";
        co_await queue.begin(network);
        network_queue::slot const slot{queue, network};
        co_await yield();
        order.push_back(number);
    };
    for (int i = 0; i < 5; ++i) start(io, note(i));
    io.run();
    CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("tasks of a network on several threads work one at a time")
{
    std::vector<asio::io_context> contexts(4);
    network_queue queue;
    work_counter counter;
    std::vector<std::thread> threads;
    for (auto& io : contexts) {
        for (int i = 0; i < 200; ++i) start(io, work(queue, "192.0.2.1", counter));
        threads.emplace_back([&io] { io.run(); });
    }
    for (auto& each : threads) each.join();
    CHECK(counter.done == 800);
    CHECK(counter.most == 1);
}

TEST_CASE("a task that fails lets the next one of its network work")
{
    asio::io_context io;
    network_queue queue;
    work_counter counter;
    auto const fail = [&]() -> task<void> {
        std::string const network = "192.0.2.1";
        co_await queue.begin(network);
        network_queue::slot const slot{queue, network};
        co_await yield();
        throw std::runtime_error("failed");
    };
    asio::co_spawn(io, fail(), [](std::exception_ptr error) { CHECK(error); });
    start(io, work(queue, "192.0.2.1", counter));
    io.run();
    CHECK(counter.done == 1);
}
