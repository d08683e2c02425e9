// A server of which all places are taken by connections with access (promise N16).
#include <deque>
#include <stdexcept>
#include <variant>

#include "support/catch.hpp"
#include "support/test_house.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = rooms::protocol;

namespace {

wire::register_account registration(std::string_view name)
{
    wire::register_account asked;
    asked.name = name;
    asked.password = "a horse on a staple";
    return asked;
}

/// Comes from this address of loopback and gets access.
task<void> enters(visitor& someone, test_house& house, std::string const& from)
{
    auto& socket = someone.socket();
    socket.open(asio::ip::tcp::v4());
    socket.bind({asio::ip::make_address(from), 0});
    co_await someone.connect(house.where);
    co_await someone.greet();
    co_await someone.hear<wire::granted>();
}

task<void> talks(visitor& someone)
{
    co_await someone.say(wire::text{"here"});
    co_await someone.hear<wire::text>();
}

}  // namespace

TEST_CASE("a new connection gets in when few networks fill the server with idle sessions")
{
    auto rules = with_access(wire::access_mode::open);
    rules.max_connections = 64;
    rules.login_grace = std::chrono::milliseconds{2000};  // ticks are an eighth of it
    test_house house{rules};
    auto scene = [&]() -> task<void> {
        std::deque<visitor> crowd;
        // The first of four networks has one more than the others.
        for (int i = 0; i < 61; ++i) {
            co_await enters(crowd.emplace_back(house.io), house, "127.1.0." + std::to_string(1 + i % 4));
        }
        co_await enters(crowd.emplace_back(house.io), house, "127.1.0.9");
        visitor newcomer{house.io};
        co_await enters(newcomer, house, "127.2.0.1");
        auto const closed = co_await crowd[0].hears_closing(code::server_full);
        CHECK(closed);
        co_await talks(newcomer);
        co_await talks(crowd[1]);
        CHECK(house.doorman->connections() <= 64);
    };
    house.run(scene());
}

TEST_CASE("an account that has as many connections as it may is told so and keeps its sessions")
{
    rooms::server::options rules;
    rules.max_connections_per_account = 2;
    test_house house{rules};
    auto scene = [&]() -> task<void> {
        visitor first{house.io};
        co_await first.connect(house.where);
        co_await first.greet();
        co_await first.say(registration("Alice"));
        auto const granted = co_await first.hear<wire::granted>();
        std::string const token{granted.token};
        wire::resume resume;
        resume.token = token;
        visitor second{house.io};
        co_await second.connect(house.where);
        co_await second.greet();
        co_await second.say(resume);
        co_await second.hear<wire::granted>();

        wire::login login;
        login.name = "Alice";
        login.password = "a horse on a staple";
        for (int i = 0; i < 30; ++i) {  // more than failures would be allowed
            visitor third{house.io};
            co_await third.connect(house.where);
            co_await third.greet();
            co_await third.say(login);
            auto const closed = co_await third.hears_closing(code::server_full);
            CHECK(closed);
        }
        co_await second.say(wire::list_sessions{});
        auto const listed = co_await second.hear<wire::sessions>();
        CHECK(listed.entries.size() == 1);
        first.vanish();
        co_await talks(second);
        auto executor = co_await asio::this_coro::executor;
        while (house.doorman->connections() > 1) co_await asio::post(executor, use_task);
        visitor again{house.io};
        co_await again.connect(house.where);
        co_await again.greet();
        co_await again.say(resume);
        co_await again.hear<wire::granted>();
    };
    house.run(scene());
}

namespace {

/// Logs in over a connection of its own; the answer.
task<wire::reply> logs_in(visitor& someone, test_house& house)
{
    co_await someone.connect(house.where);
    co_await someone.greet();
    wire::login login;
    login.name = "Alice";
    login.password = "a horse on a staple";
    co_await someone.say(login);
    auto const answer = co_await someone.hear();
    if (!answer) throw std::runtime_error("the server ended the connection");
    co_return *answer;
}

/// Gives its session back and is gone.
task<void> logs_out(visitor& someone, test_house& house, std::size_t others)
{
    co_await someone.say(wire::logout{});
    co_await someone.hear<wire::done>();
    co_await someone.hear();
    auto executor = co_await asio::this_coro::executor;
    while (house.doorman->connections() > others) co_await asio::post(executor, use_task);
}

}  // namespace

TEST_CASE("a place that a session was to have is free again whatever the store fails at")
{
    rooms::server::options rules;
    rules.max_connections_per_account = 1;
    test_house house{rules};
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await alice.connect(house.where);
        co_await alice.greet();
        co_await alice.say(registration("Alice"));
        co_await alice.hear<wire::granted>();
        co_await logs_out(alice, house, 0);
        unsigned operations = 0;
        for (bool fails = true; fails; ++operations) {
            visitor back{house.io};
            house.store.be_unavailable_after(operations);
            auto const answer = co_await logs_in(back, house);
            house.store.be_unavailable(false);
            fails = std::holds_alternative<wire::denied>(answer);
            if (!fails) break;
            CHECK(std::get<wire::denied>(answer).what == static_cast<std::uint16_t>(code::unavailable));
            visitor other{house.io};
            auto const others = co_await logs_in(other, house);
            CHECK(std::holds_alternative<wire::granted>(others));
            co_await logs_out(other, house, 1);
            back.vanish();
            auto executor = co_await asio::this_coro::executor;
            while (house.doorman->connections() != 0) co_await asio::post(executor, use_task);
        }
        CHECK(operations >= 3);  // finds the account, counts the attempt, opens the session
    };
    house.run(scene());
}

TEST_CASE("a registration for which there is no place leaves no account and counts for nothing")
{
    rooms::server::options rules;
    rules.max_connections = 32;  // 31 with access
    test_house house{rules, rooms::services::echo, 1, 2};
    auto scene = [&]() -> task<void> {
        auto const enter = [&](visitor& someone, std::string const& name, int from) -> task<void> {
            auto& socket = someone.socket();
            socket.open(asio::ip::tcp::v4());
            socket.bind({asio::ip::make_address("127.1.0." + std::to_string(from)), 0});
            co_await someone.connect(house.where);
            co_await someone.greet();
            co_await someone.say(registration(name));
        };
        std::deque<visitor> crowd;
        for (int i = 1; i <= 31; ++i) {
            auto& each = crowd.emplace_back(house.io);
            co_await enter(each, "name" + std::to_string(i), i);
            co_await each.hear<wire::granted>();
        }
        for (int i = 0; i < 4; ++i) {  // more than new accounts are allowed
            visitor late{house.io};
            co_await enter(late, "Alice", 99);
            auto const closed = co_await late.hears_closing(code::server_full);
            CHECK(closed);
        }
        crowd.front().vanish();
        auto executor = co_await asio::this_coro::executor;
        while (house.doorman->connections() > 30) co_await asio::post(executor, use_task);
        visitor again{house.io};
        co_await enter(again, "Alice", 99);
        co_await again.hear<wire::granted>();
    };
    house.run(scene());
}
