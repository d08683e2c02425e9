// How the server stops, also with connections that do not close (promise S8).
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

TEST_CASE("stop closes every connection with shutting_down and leaves no work")
{
    server_fixture fixture{open_access(), detail::services::echo, 2};
    fixture.run([&]() -> task<void> {
        auto one = co_await fixture.admitted();
        auto two = co_await fixture.admitted();
        auto greeted = co_await fixture.greeted();
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

TEST_CASE("stop ends a connection at any point between two messages")
{
    for (int steps = 0; steps < 24; ++steps) {
        CAPTURE(steps);
        server_fixture fixture{open_access()};
        fixture.run([&]() -> task<void> {
            auto one = co_await fixture.admitted();
            co_await one.send(wire::text{"echo"});
            co_await yield(steps);
            fixture.server->stop();
            bool closing = false;
            for (bool is_open = true; is_open && !closing;) {
                auto const reply = co_await one.receive();
                is_open = reply.has_value();
                closing = is_open && std::holds_alternative<wire::closing>(*reply);
            }
            CHECK(closing);
        });
    }
}

TEST_CASE("the wait of a service is cancelled although its connection has ended before")
{
    bool all_sent = false;
    bool waiting = false;
    bool cancelled = false;
    auto service = [&](connection& client) -> task<void> {
        auto executor = co_await asio::this_coro::executor;
        co_await client.receive_some();
        while (!all_sent) co_await yield();
        co_await client.receive_some();
        while (client.next() != nullptr) {
        }  // finds the message that ends the connection
        detail::base::steady_timer timer{executor, std::chrono::hours{1}};
        waiting = true;
        auto const ran_out = co_await detail::base::wait_for_expiry(timer);
        cancelled = !ran_out;
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto one = co_await fixture.admitted();
        co_await one.send(wire::text{"first"});
        co_await yield(100);  // until it is received
        co_await one.send(wire::text{"second"});
        co_await one.send(wire::hello{});
        all_sent = true;
        while (!waiting) co_await yield();
        fixture.server->stop();
    });
    fixture.io.restart();
    fixture.io.run();
    CHECK(cancelled);
}

TEST_CASE("a client whose password is being checked gets only shutting_down when the server stops")
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
        auto first_closed = co_await first.receives_closing(code::shutting_down);
        CHECK(first_closed);
    });
}

TEST_CASE("a client that does not close after closing is cut")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        co_await client.send(wire::hello{});
        auto closed = co_await client.receives_closing(code::protocol_error);
        CHECK(closed);
        co_await fixture.wait_for_connections(0);
    });
}

// Promise S8: all connections are closed within the drain time, whatever they do.
TEST_CASE("a client that reads nothing is cut when the server stops")
{
    auto options = open_access();
    options.output_time = std::chrono::hours{1};
    auto flood = [](connection& client) -> task<void> { co_await client.send(std::string(64U << 20U, 'x')); };
    server_fixture fixture{options, flood};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        fixture.server->stop();
        co_await fixture.wait_for_connections(0);
    });
}
