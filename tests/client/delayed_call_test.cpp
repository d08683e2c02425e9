#include "client/delayed_call.hpp"

#include <asio/io_context.hpp>
#include <optional>

#include "support/catch.hpp"

using porter::detail::client::delayed_call;
using namespace std::chrono_literals;

TEST_CASE("a delayed call is made once its time has come")
{
    asio::io_context io;
    int calls = 0;
    delayed_call const call{io.get_executor(), 0s, [&] { ++calls; }};
    CHECK(calls == 0);
    io.run();
    CHECK(calls == 1);
}

TEST_CASE("a delayed call that is destroyed before is not made")
{
    asio::io_context io;
    int calls = 0;
    std::optional<delayed_call> call{std::in_place, io.get_executor(), 1h, [&] { ++calls; }};
    call.reset();
    io.run();
    CHECK(calls == 0);
}

TEST_CASE("a delayed call whose time has come is not made when it is destroyed before its turn")
{
    asio::io_context io;
    int calls = 0;
    std::optional<delayed_call> call;
    delayed_call const first{io.get_executor(), -1s, [&] { call.reset(); }};
    call.emplace(io.get_executor(), 0s, [&] { ++calls; });
    io.run();
    CHECK(calls == 0);
}
