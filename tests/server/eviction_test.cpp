// What becomes of those without access when the house fills up (promises N3 and N4).
#include <filesystem>
#include <iterator>
#include <set>

#include "server/connection.hpp"
#include "server/descriptor_limit.hpp"
#include "support/catch.hpp"
#include "support/scripted_server.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

detail::server::options small_server(std::size_t places)
{
    detail::server::options rules;
    rules.max_connections = places;
    return rules;
}

wire::register_account registration()
{
    wire::register_account asked;
    asked.name = "Alice";
    asked.password = "a horse on a staple";
    return asked;
}

/// How many descriptors this process holds: the visitors' and the house's.
std::size_t open_descriptors()
{
    std::filesystem::directory_iterator const all{"/proc/self/fd"};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Until the house has done what it can do without hearing anything.
task<void> a_moment()
{
    auto executor = co_await asio::this_coro::executor;
    for (int i = 0; i < 200; ++i) co_await asio::post(executor, use_task);
}

}  // namespace

TEST_CASE("a newcomer takes the place of the one that has been silent longest")
{
    server_fixture fixture{small_server(4)};
    auto scene = [&]() -> task<void> {
        test_client silent{fixture.io};
        co_await silent.connect(fixture.endpoint);
        test_client greeted{fixture.io};
        co_await greeted.connect(fixture.endpoint);
        co_await greeted.greet();
        test_client newcomer{fixture.io};
        co_await newcomer.connect(fixture.endpoint);
        co_await newcomer.greet();
        auto evicted = co_await silent.receives_closing(code::server_full);
        CHECK(evicted);
        co_await greeted.send(registration());
        co_await greeted.receive<wire::granted>();
    };
    fixture.run(scene());
}

TEST_CASE("who has said hello and then nothing gives way like any other")
{
    server_fixture fixture{small_server(2)};
    auto scene = [&]() -> task<void> {
        test_client greeted{fixture.io};
        co_await greeted.connect(fixture.endpoint);
        co_await greeted.greet();
        test_client newcomer{fixture.io};
        co_await newcomer.connect(fixture.endpoint);
        co_await newcomer.greet();
        auto evicted = co_await greeted.receives_closing(code::server_full);
        CHECK(evicted);
    };
    fixture.run(scene());
}

TEST_CASE("who has been told goodbye and does not go gives way at once")
{
    server_fixture fixture{small_server(2)};
    auto scene = [&]() -> task<void> {
        auto const before = open_descriptors();
        test_client leaver{fixture.io};
        co_await leaver.connect(fixture.endpoint);
        co_await leaver.greet();
        co_await leaver.send(wire::ping{});
        auto told = co_await leaver.receives_closing(code::unauthorized);
        CHECK(told);
        test_client newcomer{fixture.io};
        co_await newcomer.connect(fixture.endpoint);
        co_await newcomer.greet();
        co_await a_moment();
        CHECK(open_descriptors() == before + 3);  // those of both visitors, and the house's of the newcomer
    };
    fixture.run(scene());
}

TEST_CASE("of many who are evicted at once only some are seen off at length")
{
    constexpr std::size_t places = 4;
    server_fixture fixture{small_server(places)};
    auto scene = [&]() -> task<void> {
        auto const before = open_descriptors();
        std::deque<test_client> crowd;
        auto const many = detail::server::max_farewells + 20;
        for (std::size_t i = 0; i < many; ++i) co_await crowd.emplace_back(fixture.io).connect(fixture.endpoint);
        for (std::size_t i = 0; i < many - places / 2; ++i) {
            auto evicted = co_await crowd[i].receives_closing(code::server_full);
            CHECK(evicted);
        }
        co_await a_moment();
        CHECK(open_descriptors() <= before + many + places / 2 + detail::server::max_farewells);
    };
    fixture.run(scene());
}

TEST_CASE("whose place was given away while a word was on its way is not let in by it")
{
    server_fixture fixture{small_server(2)};
    auto scene = [&]() -> task<void> {
        test_client alice{fixture.io};
        co_await alice.connect(fixture.endpoint);
        co_await alice.greet();
        co_await alice.send(registration());
        auto granted = co_await alice.receive<wire::granted>();
        wire::resume resume;
        resume.token = granted.token;
        auto const word = frame_of(resume);

        test_client late{fixture.io};
        co_await late.connect(fixture.endpoint);
        co_await late.greet();
        co_await a_moment();
        // Both at once, in this order: the house hears of the newcomer first.
        detail::base::tcp_socket newcomer{fixture.io.get_executor()};
        newcomer.connect(fixture.endpoint);
        REQUIRE(::send(late.socket().native_handle(), word.data(), word.size(), 0) == std::ssize(word));
        auto evicted = co_await late.receives_closing(code::server_full);
        CHECK(evicted);
    };
    fixture.run(scene());
}

TEST_CASE("to call out somebody who has just left harms nobody")
{
    asio::io_context io;
    manual_clock clock;
    recording_log log;
    detail::server::options const rules;
    detail::server::buffer_limiter memory{0, 0};
    detail::server::worker thread{io, clock, memory, std::chrono::milliseconds{1000}};
    {
        auto const from = detail::identity::address::parse("192.0.2.7")->with_connection(7);
        detail::server::connection gone{detail::server::stream{io.get_executor()}, from, thread, rules, log};
        gone.attach();
    }
    thread.evict(7);
}

TEST_CASE("who waits for a password to be checked is not evicted")
{
    server_fixture fixture{small_server(4)};
    auto scene = [&]() -> task<void> {
        test_client checked{fixture.io};
        co_await checked.connect(fixture.endpoint);
        co_await checked.greet();
        fixture.hashes.held = true;
        co_await checked.send(registration());
        auto executor = co_await asio::this_coro::executor;
        while (fixture.hashes.made == 0) co_await asio::post(executor, use_task);

        test_client silent{fixture.io};
        co_await silent.connect(fixture.endpoint);
        test_client newcomer{fixture.io};
        co_await newcomer.connect(fixture.endpoint);
        auto evicted = co_await silent.receives_closing(code::server_full);
        CHECK(evicted);
        fixture.hashes.held = false;
        fixture.hashes.held.notify_all();
        co_await checked.receive<wire::granted>();
    };
    fixture.run(scene());
}

TEST_CASE("a crowd of silent visitors does not keep anybody out")
{
    server_fixture fixture{small_server(8), detail::services::echo, 2};
    auto scene = [&]() -> task<void> {
        std::deque<test_client> crowd;
        for (int i = 0; i < 200; ++i) {
            auto& one = crowd.emplace_back(fixture.io);
            co_await one.connect(fixture.endpoint);
            if (i % 50 != 25) continue;
            test_client real{fixture.io};
            co_await real.connect(fixture.endpoint);
            co_await real.greet();
        }
    };
    fixture.run(scene());
    CHECK(fixture.server->defects() == 0);
}

TEST_CASE("every line about a connection has its number and no other connection has it")
{
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        for (auto const* name : {"Alice", "Bob"}) {
            test_client someone{fixture.io};
            co_await someone.connect(fixture.endpoint);
            co_await someone.greet();
            auto asked = registration();
            asked.name = name;
            co_await someone.send(asked);
            co_await someone.receive<wire::granted>();
            co_await someone.send(wire::closing{});
            co_await someone.receive();
        }
    };
    fixture.run(scene());
    std::set<std::string> numbers;
    for (auto const& each : fixture.log.events()) {
        if (!each.field("address").empty()) numbers.insert(each.field("connection"));
    }
    CHECK(numbers == std::set<std::string>{"1", "2"});
    CHECK(fixture.log.count("connection_closed") == 2);
    CHECK(fixture.log.count("registered") == 2);
}

TEST_CASE("the log tells a closing from a half-close and from one that was cut off")
{
    server_fixture fixture{with_access(wire::access_mode::open)};
    auto scene = [&]() -> task<void> {
        for (int how = 0; how < 4; ++how) {
            test_client someone{fixture.io};
            co_await someone.connect(fixture.endpoint);
            co_await someone.greet();
            co_await someone.receive<wire::granted>();
            if (how == 0) co_await someone.send(wire::closing{});
            if (how == 2) co_await someone.send_raw(std::string("\0\0", 2));
            if (how == 3) {
                someone.reset();
            } else {
                someone.half_close();
            }
            auto executor = co_await asio::this_coro::executor;
            while (fixture.server->connections() != 0) co_await asio::post(executor, use_task);
        }
    };
    fixture.run(scene());
    auto const closed = fixture.log.events("connection_closed");
    REQUIRE(closed.size() == 3);
    CHECK(closed[0].field("code") == "by_peer");
    CHECK(closed[1].field("code") == "half_closed");
    CHECK(closed[2].field("code") == "cut_off");
    CHECK(fixture.log.count("connection_lost") == 1);
}
