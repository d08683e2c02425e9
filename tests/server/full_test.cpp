// A server of which all places are taken by connections with access (promise N16).
#include <deque>
#include <stdexcept>
#include <variant>

#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

wire::register_account registration(std::string_view name)
{
    wire::register_account asked;
    asked.name = name;
    asked.password = "a horse on a staple";
    return asked;
}

/// Comes from this address of loopback and gets access.
task<void> enters(test_client& someone, server_fixture& fixture, std::string const& from)
{
    auto& socket = someone.socket();
    socket.open(asio::ip::tcp::v4());
    socket.bind({asio::ip::make_address(from), 0});
    co_await someone.connect(fixture.endpoint);
    co_await someone.greet();
    co_await someone.receive<wire::granted>();
}

task<void> talks(test_client& someone)
{
    co_await someone.send(wire::text{"here"});
    co_await someone.receive<wire::text>();
}

}  // namespace

TEST_CASE("a new connection gets in when few networks fill the server with idle sessions")
{
    auto rules = with_access(wire::access_mode::open);
    rules.max_connections = 64;
    rules.login_grace = std::chrono::milliseconds{2000};  // ticks are an eighth of it
    server_fixture fixture{rules};
    auto scene = [&]() -> task<void> {
        std::deque<test_client> crowd;
        // The first of four networks has one more than the others.
        for (int i = 0; i < 61; ++i) {
            co_await enters(crowd.emplace_back(fixture.io), fixture, "127.1.0." + std::to_string(1 + i % 4));
        }
        co_await enters(crowd.emplace_back(fixture.io), fixture, "127.1.0.9");
        test_client newcomer{fixture.io};
        co_await enters(newcomer, fixture, "127.2.0.1");
        auto const closed = co_await crowd[0].receives_closing(code::server_full);
        CHECK(closed);
        co_await talks(newcomer);
        co_await talks(crowd[1]);
        CHECK(fixture.server->connections() <= 64);
    };
    fixture.run(scene());
}

TEST_CASE("an account that has as many connections as it may is told so and keeps its sessions")
{
    detail::server::options rules;
    rules.max_connections_per_account = 2;
    server_fixture fixture{rules};
    auto scene = [&]() -> task<void> {
        test_client first{fixture.io};
        co_await first.connect(fixture.endpoint);
        co_await first.greet();
        co_await first.send(registration("Alice"));
        auto const granted = co_await first.receive<wire::granted>();
        std::string const token{granted.token};
        wire::resume resume;
        resume.token = token;
        test_client second{fixture.io};
        co_await second.connect(fixture.endpoint);
        co_await second.greet();
        co_await second.send(resume);
        co_await second.receive<wire::granted>();

        wire::login login;
        login.name = "Alice";
        login.password = "a horse on a staple";
        for (int i = 0; i < 30; ++i) {  // more than failures would be allowed
            test_client third{fixture.io};
            co_await third.connect(fixture.endpoint);
            co_await third.greet();
            co_await third.send(login);
            auto const closed = co_await third.receives_closing(code::server_full);
            CHECK(closed);
        }
        co_await second.send(wire::list_sessions{});
        auto const listed = co_await second.receive<wire::sessions>();
        CHECK(listed.entries.size() == 1);
        first.reset();
        co_await talks(second);
        auto executor = co_await asio::this_coro::executor;
        while (fixture.server->connections() > 1) co_await asio::post(executor, use_task);
        test_client again{fixture.io};
        co_await again.connect(fixture.endpoint);
        co_await again.greet();
        co_await again.send(resume);
        co_await again.receive<wire::granted>();
    };
    fixture.run(scene());
}

namespace {

/// Logs in over a connection of its own; the answer.
task<wire::reply> logs_in(test_client& someone, server_fixture& fixture)
{
    co_await someone.connect(fixture.endpoint);
    co_await someone.greet();
    wire::login login;
    login.name = "Alice";
    login.password = "a horse on a staple";
    co_await someone.send(login);
    auto const answer = co_await someone.receive();
    if (!answer) throw std::runtime_error("the server ended the connection");
    co_return *answer;
}

/// Gives its session back and is gone.
task<void> logs_out(test_client& someone, server_fixture& fixture, std::size_t others)
{
    co_await someone.send(wire::logout{});
    co_await someone.receive<wire::done>();
    co_await someone.receive();
    auto executor = co_await asio::this_coro::executor;
    while (fixture.server->connections() > others) co_await asio::post(executor, use_task);
}

}  // namespace

TEST_CASE("a place that a session was to have is free again whatever the store fails at")
{
    detail::server::options rules;
    rules.max_connections_per_account = 1;
    server_fixture fixture{rules};
    auto scene = [&]() -> task<void> {
        test_client alice{fixture.io};
        co_await alice.connect(fixture.endpoint);
        co_await alice.greet();
        co_await alice.send(registration("Alice"));
        co_await alice.receive<wire::granted>();
        co_await logs_out(alice, fixture, 0);
        unsigned operations = 0;
        for (bool fails = true; fails; ++operations) {
            test_client back{fixture.io};
            fixture.store.be_unavailable_after(operations);
            auto const answer = co_await logs_in(back, fixture);
            fixture.store.be_unavailable(false);
            fails = std::holds_alternative<wire::denied>(answer);
            if (!fails) break;
            CHECK(std::get<wire::denied>(answer).code == static_cast<std::uint16_t>(code::unavailable));
            test_client other{fixture.io};
            auto const others = co_await logs_in(other, fixture);
            CHECK(std::holds_alternative<wire::granted>(others));
            co_await logs_out(other, fixture, 1);
            back.reset();
            auto executor = co_await asio::this_coro::executor;
            while (fixture.server->connections() != 0) co_await asio::post(executor, use_task);
        }
        CHECK(operations >= 3);  // finds the account, counts the attempt, opens the session
    };
    fixture.run(scene());
}

TEST_CASE("a registration for which there is no place leaves no account and counts for nothing")
{
    detail::server::options rules;
    rules.max_connections = 32;  // 31 with access
    server_fixture fixture{rules, detail::services::echo, 1, 2};
    auto scene = [&]() -> task<void> {
        auto const enter = [&](test_client& someone, std::string const& name, int from) -> task<void> {
            auto& socket = someone.socket();
            socket.open(asio::ip::tcp::v4());
            socket.bind({asio::ip::make_address("127.1.0." + std::to_string(from)), 0});
            co_await someone.connect(fixture.endpoint);
            co_await someone.greet();
            co_await someone.send(registration(name));
        };
        std::deque<test_client> crowd;
        for (int i = 1; i <= 31; ++i) {
            auto& each = crowd.emplace_back(fixture.io);
            co_await enter(each, "name" + std::to_string(i), i);
            co_await each.receive<wire::granted>();
        }
        for (int i = 0; i < 4; ++i) {  // more than new accounts are allowed
            test_client late{fixture.io};
            co_await enter(late, "Alice", 99);
            auto const closed = co_await late.receives_closing(code::server_full);
            CHECK(closed);
        }
        crowd.front().reset();
        auto executor = co_await asio::this_coro::executor;
        while (fixture.server->connections() > 30) co_await asio::post(executor, use_task);
        test_client again{fixture.io};
        co_await enter(again, "Alice", 99);
        co_await again.receive<wire::granted>();
    };
    fixture.run(scene());
}
