#include "terminal/delayed_call.hpp"

#include <asio/io_context.hpp>
#include <optional>

#include "support/catch.hpp"

using porter::detail::terminal::delayed_call;
using namespace std::chrono_literals;

TEST_CASE("a delayed call is made once after the delay")
{
    asio::io_context io;
    int calls = 0;
    delayed_call const call{io.get_executor(), 0s, [&] { ++calls; }};
    CHECK(calls == 0);
    io.run();
    CHECK(calls == 1);
}

TEST_CASE("a delayed call is not made after its destruction")
{
    asio::io_context io;
    int calls = 0;
    std::optional<delayed_call> call{std::in_place, io.get_executor(), 1h, [&] { ++calls; }};
    call.reset();
    io.run();
    CHECK(calls == 0);
}

TEST_CASE("an expired delayed call that is destroyed before its handler runs is not made")
{
    asio::io_context io;
    int calls = 0;
    std::optional<delayed_call> call;
    delayed_call const first{io.get_executor(), -1s, [&] { call.reset(); }};
    call.emplace(io.get_executor(), 0s, [&] { ++calls; });
    io.run();
    CHECK(calls == 0);
}
