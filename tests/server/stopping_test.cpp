// How a house is emptied, and what becomes of those who do not go (promise S8).
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

task<void> enters(test_client& someone, server_fixture& fixture)
{
    co_await someone.connect(fixture.endpoint);
    co_await someone.greet();
    co_await someone.receive<wire::granted>();
}

detail::server::options open_rules()
{
    return with_access(wire::access_mode::open);
}

}  // namespace

TEST_CASE("stopping says shutting_down to everybody and leaves no work")
{
    server_fixture fixture{open_rules(), detail::services::echo, 2};
    auto scene = [&]() -> task<void> {
        test_client one{fixture.io};
        test_client two{fixture.io};
        test_client stranger{fixture.io};
        co_await enters(one, fixture);
        co_await enters(two, fixture);
        co_await stranger.connect(fixture.endpoint);
        co_await stranger.greet();
        fixture.server->stop();
        auto first = co_await one.receives_closing(code::shutting_down);
        auto second = co_await two.receives_closing(code::shutting_down);
        CHECK(first);
        CHECK(second);
    };
    fixture.run(scene());
    fixture.io.restart();
    fixture.io.run();  // returns: nothing of the server is left
    CHECK(fixture.server->defects() == 0);
}

TEST_CASE("stopping meets a connection wherever it is between two messages")
{
    for (int turns = 0; turns < 24; ++turns) {
        CAPTURE(turns);
        server_fixture fixture{open_rules()};
        auto scene = [&]() -> task<void> {
            auto executor = co_await asio::this_coro::executor;
            test_client one{fixture.io};
            co_await enters(one, fixture);
            co_await one.send(wire::text{"echo"});
            for (int i = 0; i < turns; ++i) co_await asio::post(executor, use_task);
            fixture.server->stop();
            bool told = false;
            for (bool hears = true; hears && !told;) {
                auto const heard = co_await one.receive();
                hears = heard.has_value();
                told = hears && std::holds_alternative<wire::closing>(*heard);
            }
            CHECK(told);
        };
        fixture.run(scene());
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
        while (!all_is_sent) co_await asio::post(executor, use_task);
        co_await client.receive_some();
        while (client.next() != nullptr) {
        }  // finds what ends the connection
        detail::base::steady_timer timer{executor, std::chrono::hours{1}};
        waits = true;
        auto const ran_out = co_await detail::base::wait_for_expiry(timer);
        was_cancelled = !ran_out;
    };
    server_fixture fixture{open_rules(), service};
    auto scene = [&]() -> task<void> {
        auto executor = co_await asio::this_coro::executor;
        test_client one{fixture.io};
        co_await enters(one, fixture);
        co_await one.send(wire::text{"first"});
        for (int i = 0; i < 100; ++i) co_await asio::post(executor, use_task);  // until it is received
        co_await one.send(wire::text{"second"});
        co_await one.send(wire::hello{});
        all_is_sent = true;
        while (!waits) co_await asio::post(executor, use_task);
        fixture.server->stop();
    };
    fixture.run(scene());
    fixture.io.restart();
    fixture.io.run();
    CHECK(was_cancelled);
}

TEST_CASE("who waits for a password to be checked when the house closes hears of that alone")
{
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        auto executor = co_await asio::this_coro::executor;
        wire::login login;
        login.name = "Alice";
        login.password = "a horse on a staple";
        fixture.hashes.held = true;
        test_client first{fixture.io};
        co_await first.connect(fixture.endpoint);
        co_await first.greet();
        co_await first.send(login);
        while (fixture.hashes.verified == 0) co_await asio::post(executor, use_task);
        test_client second{fixture.io};
        co_await second.connect(fixture.endpoint);
        co_await second.greet();
        co_await second.send(login);
        for (int i = 0; i < 200; ++i) co_await asio::post(executor, use_task);  // until it waits behind the first
        fixture.server->stop();
        auto closed = co_await second.receives_closing(code::shutting_down);
        CHECK(closed);
        fixture.hashes.held = false;
        fixture.hashes.held.notify_all();
        auto closed_too = co_await first.receives_closing(code::shutting_down);
        CHECK(closed_too);
    };
    fixture.run(scene());
}

TEST_CASE("who hears the closing and does not go is not waited for without end")
{
    server_fixture fixture{open_rules()};
    auto scene = [&]() -> task<void> {
        test_client lingering{fixture.io};
        co_await enters(lingering, fixture);
        co_await lingering.send(wire::hello{});
        auto closed = co_await lingering.receives_closing(code::protocol_error);
        CHECK(closed);
        auto executor = co_await asio::this_coro::executor;
        while (fixture.server->connections() != 0) co_await asio::post(executor, use_task);
    };
    fixture.run(scene());
}

// Promise S8: the house is empty within the time that connections have for their leave, whatever they do.
TEST_CASE("who takes no output is cut off when the house is to be empty")
{
    auto rules = open_rules();
    rules.output_time = std::chrono::hours{1};
    auto drown = [](connection& client) -> task<void> { co_await client.send(std::string(64U << 20U, 'x')); };
    server_fixture fixture{rules, drown};
    auto scene = [&]() -> task<void> {
        test_client lazy{fixture.io};
        co_await enters(lazy, fixture);
        fixture.server->stop();
        auto executor = co_await asio::this_coro::executor;
        while (fixture.server->connections() != 0) co_await asio::post(executor, use_task);
    };
    fixture.run(scene());
}
