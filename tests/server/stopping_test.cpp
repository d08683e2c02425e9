// How a house is emptied, and what becomes of those who do not go (promise S8).
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

TEST_CASE("stopping says shutting_down to everybody and leaves no work")
{
    server_fixture fixture{open_access(), detail::services::echo, 2};
    fixture.run([&]() -> task<void> {
        auto one = co_await fixture.admitted();
        auto two = co_await fixture.admitted();
        auto stranger = co_await fixture.greeted();
        fixture.server->stop();
        auto first = co_await one.receives_closing(code::shutting_down);
        auto second = co_await two.receives_closing(code::shutting_down);
        CHECK(first);
        CHECK(second);
    });
    fixture.io.restart();
    fixture.io.run();  // returns: nothing of the server is left
    CHECK(fixture.server->defects() == 0);
}

TEST_CASE("stopping meets a connection wherever it is between two messages")
{
    for (int turns = 0; turns < 24; ++turns) {
        CAPTURE(turns);
        server_fixture fixture{open_access()};
        fixture.run([&]() -> task<void> {
            auto one = co_await fixture.admitted();
            co_await one.send(wire::text{"echo"});
            co_await yield(turns);
            fixture.server->stop();
            bool told = false;
            for (bool hears = true; hears && !told;) {
                auto const heard = co_await one.receive();
                hears = heard.has_value();
                told = hears && std::holds_alternative<wire::closing>(*heard);
            }
            CHECK(told);
        });
    }
}

TEST_CASE("a service that waits for something else is cancelled although its visitor ended before")
{
    bool all_is_sent = false;
    bool waits = false;
    bool was_cancelled = false;
    auto service = [&](connection& client) -> task<void> {
        auto executor = co_await asio::this_coro::executor;
        co_await client.receive_some();
        while (!all_is_sent) co_await yield();
        co_await client.receive_some();
        while (client.next() != nullptr) {
        }  // finds what ends the connection
        detail::base::steady_timer timer{executor, std::chrono::hours{1}};
        waits = true;
        auto const ran_out = co_await detail::base::wait_for_expiry(timer);
        was_cancelled = !ran_out;
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto one = co_await fixture.admitted();
        co_await one.send(wire::text{"first"});
        co_await yield(100);  // until it is received
        co_await one.send(wire::text{"second"});
        co_await one.send(wire::hello{});
        all_is_sent = true;
        while (!waits) co_await yield();
        fixture.server->stop();
    });
    fixture.io.restart();
    fixture.io.run();
    CHECK(was_cancelled);
}

TEST_CASE("who waits for a password to be checked when the house closes hears of that alone")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto const login = login_request("Alice");
        fixture.hashes.held = true;
        auto first = co_await fixture.greeted();
        co_await first.send(login);
        while (fixture.hashes.verified == 0) co_await yield();
        auto second = co_await fixture.greeted();
        co_await second.send(login);
        co_await yield(200);  // until it waits behind the first
        fixture.server->stop();
        auto closed = co_await second.receives_closing(code::shutting_down);
        CHECK(closed);
        fixture.hashes.held = false;
        fixture.hashes.held.notify_all();
        auto closed_too = co_await first.receives_closing(code::shutting_down);
        CHECK(closed_too);
    });
}

TEST_CASE("who hears the closing and does not go is not waited for without end")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto lingering = co_await fixture.admitted();
        co_await lingering.send(wire::hello{});
        auto closed = co_await lingering.receives_closing(code::protocol_error);
        CHECK(closed);
        co_await fixture.wait_for_connections(0);
    });
}

// Promise S8: the house is empty within the time that connections have for their leave, whatever they do.
TEST_CASE("who takes no output is cut off when the house is to be empty")
{
    auto options = open_access();
    options.output_time = std::chrono::hours{1};
    auto drown = [](connection& client) -> task<void> { co_await client.send(std::string(64U << 20U, 'x')); };
    server_fixture fixture{options, drown};
    fixture.run([&]() -> task<void> {
        auto lazy = co_await fixture.admitted();
        fixture.server->stop();
        co_await fixture.wait_for_connections(0);
    });
}
