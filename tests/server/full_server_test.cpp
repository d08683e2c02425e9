// A server full of connections with access (promise N16).
#include <deque>
#include <stdexcept>
#include <variant>

#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

TEST_CASE("a new connection gets access although few networks fill the server with idle sessions")
{
    auto options = open_access();
    options.max_connections = 64;
    options.login_grace = std::chrono::milliseconds{2000};  // ticks are an eighth of it
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        std::deque<test_client> clients;
        // The first of four networks has one more than the others.
        for (int i = 0; i < 61; ++i) {
            auto one = co_await fixture.admitted("127.1.0." + std::to_string(1 + i % 4));
            clients.push_back(std::move(one));
        }
        auto other = co_await fixture.admitted("127.1.0.9");
        auto added = co_await fixture.admitted("127.2.0.1");
        auto const closed = co_await clients[0].receives_closing(code::server_full);
        CHECK(closed);
        co_await added.exchange("hello");
        co_await clients[1].exchange("hello");
        CHECK(fixture.server->connections() <= 64);
    });
}

TEST_CASE("an account at its limit of connections gets server_full and keeps its sessions")
{
    detail::server::options options;
    options.max_connections_per_account = 2;
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto first = co_await fixture.registered("Alice");
        auto second = co_await fixture.greeted();
        co_await second.resume(first.token());

        auto const login = login_request("Alice");
        for (int i = 0; i < 30; ++i) {  // more than failures would be allowed
            auto third = co_await fixture.greeted();
            co_await third.send(login);
            auto const closed = co_await third.receives_closing(code::server_full);
            CHECK(closed);
        }
        co_await second.send(wire::list_sessions{});
        auto const listed = co_await second.receive<wire::sessions>();
        CHECK(listed.entries.size() == 1);
        first.reset();
        co_await second.exchange("hello");
        co_await fixture.wait_for_connections(1);
        auto again = co_await fixture.greeted();
        co_await again.resume(first.token());
    });
}

namespace {

/// Sends a login, and returns the reply.
task<wire::reply> log_in(test_client& client)
{
    co_await client.send(login_request("Alice"));
    auto const reply = co_await client.receive();
    if (!reply) throw std::runtime_error("the server closed the connection");
    co_return *reply;
}

/// Logs out, and waits until the server has this many connections.
task<void> log_out(test_client& client, server_fixture& fixture, std::size_t others)
{
    co_await client.send(wire::logout{});
    co_await client.receive<wire::done>();
    co_await client.receive();
    co_await fixture.wait_for_connections(others);
}

}  // namespace

TEST_CASE("a slot is free again whichever operation of the store fails")
{
    detail::server::options options;
    options.max_connections_per_account = 1;
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        co_await log_out(alice, fixture, 0);
        unsigned operations = 0;
        for (bool fails = true; fails; ++operations) {
            auto denied = co_await fixture.connected();
            fixture.store.set_unavailable_after(operations);
            co_await denied.greet();
            auto const reply = co_await log_in(denied);
            fixture.store.set_unavailable(false);
            fails = std::holds_alternative<wire::denied>(reply);
            if (!fails) break;
            CHECK(std::get<wire::denied>(reply).code == static_cast<std::uint16_t>(code::unavailable));
            auto other = co_await fixture.logged_in("Alice");
            co_await log_out(other, fixture, 1);
            denied.reset();
            co_await fixture.wait_for_connections(0);
        }
        CHECK(operations >= 3);  // finds the account, counts the attempt, opens the session
    });
}

TEST_CASE("a registration without a slot leaves no account and is not counted")
{
    detail::server::options options;
    options.max_connections = 32;  // 31 with access
    server_fixture fixture{options, detail::services::echo, 1, 2};
    fixture.run([&]() -> task<void> {
        std::deque<test_client> clients;
        for (int i = 1; i <= 31; ++i) {
            auto each = co_await fixture.greeted("127.1.0." + std::to_string(i));
            co_await each.register_account("name" + std::to_string(i));
            clients.push_back(std::move(each));
        }
        for (int i = 0; i < 4; ++i) {  // more than new accounts are allowed
            auto late = co_await fixture.greeted("127.1.0.99");
            co_await late.send(registration("Alice"));
            auto const closed = co_await late.receives_closing(code::server_full);
            CHECK(closed);
        }
        clients.front().reset();
        co_await fixture.wait_for_connections(30);
        auto again = co_await fixture.greeted("127.1.0.99");
        co_await again.register_account("Alice");
    });
}
