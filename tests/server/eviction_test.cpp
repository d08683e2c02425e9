// What becomes of those without access when the house fills up (promises N3 and N4).
#include <filesystem>
#include <iterator>
#include <set>

#include "server/connection.hpp"
#include "server/connection_limiter.hpp"
#include "support/catch.hpp"
#include "support/scripted_server.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

detail::server::options small_server(std::size_t places)
{
    detail::server::options options;
    options.max_connections = places;
    return options;
}

/// How many descriptors this process holds: the visitors' and the house's.
std::size_t open_descriptors()
{
    std::filesystem::directory_iterator const all{"/proc/self/fd"};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("a newcomer takes the place of the one that has been silent longest")
{
    server_fixture fixture{small_server(4)};
    fixture.run([&]() -> task<void> {
        auto silent = co_await fixture.connected();
        auto greeted = co_await fixture.greeted();
        auto newcomer = co_await fixture.greeted();
        auto evicted = co_await silent.receives_closing(code::server_full);
        CHECK(evicted);
        co_await greeted.register_account("Alice");
    });
}

TEST_CASE("who has said hello and then nothing gives way like any other")
{
    server_fixture fixture{small_server(2)};
    fixture.run([&]() -> task<void> {
        auto greeted = co_await fixture.greeted();
        auto newcomer = co_await fixture.greeted();
        auto evicted = co_await greeted.receives_closing(code::server_full);
        CHECK(evicted);
    });
}

TEST_CASE("who has been told goodbye and does not go gives way at once")
{
    server_fixture fixture{small_server(2)};
    fixture.run([&]() -> task<void> {
        auto const before = open_descriptors();
        auto leaver = co_await fixture.greeted();
        co_await leaver.send(wire::ping{});
        auto told = co_await leaver.receives_closing(code::unauthorized);
        CHECK(told);
        auto newcomer = co_await fixture.greeted();
        co_await yield(200);
        CHECK(open_descriptors() == before + 3);  // those of both visitors, and the house's of the newcomer
    });
}

TEST_CASE("of many who are evicted at once only some are seen off at length")
{
    constexpr std::size_t places = 4;
    server_fixture fixture{small_server(places)};
    fixture.run([&]() -> task<void> {
        auto const before = open_descriptors();
        std::deque<test_client> crowd;
        auto const many = detail::server::max_rejects + 20;
        for (std::size_t i = 0; i < many; ++i) co_await crowd.emplace_back(fixture.io).connect(fixture.endpoint);
        for (std::size_t i = 0; i < many - places / 2; ++i) {
            auto evicted = co_await crowd[i].receives_closing(code::server_full);
            CHECK(evicted);
        }
        co_await yield(200);
        CHECK(open_descriptors() <= before + many + places / 2 + detail::server::max_rejects);
    });
}

TEST_CASE("whose place was given away while a word was on its way is not let in by it")
{
    server_fixture fixture{small_server(2)};
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        wire::resume resume;
        resume.token = alice.token();
        auto const word = frame_of(resume);

        auto late = co_await fixture.greeted();
        co_await yield(200);
        // Both at once, in this order: the house hears of the newcomer first.
        detail::base::tcp_socket newcomer{fixture.io.get_executor()};
        newcomer.connect(fixture.endpoint);
        REQUIRE(::send(late.socket().native_handle(), word.data(), word.size(), 0) == std::ssize(word));
        auto evicted = co_await late.receives_closing(code::server_full);
        CHECK(evicted);
    });
}

TEST_CASE("to call out somebody who has just left harms nobody")
{
    asio::io_context io;
    manual_clock clock;
    recording_log log;
    detail::server::options const options;
    detail::server::buffer_limiter memory{0, 0};
    detail::server::worker thread{io, clock, memory, std::chrono::milliseconds{1000}};
    {
        auto const from = detail::identity::address::parse("192.0.2.7")->with_connection(7);
        detail::server::connection gone{detail::server::stream{io.get_executor()}, from, thread, options, log};
        gone.attach();
    }
    thread.evict(7);
}

TEST_CASE("who waits for a password to be checked is not evicted")
{
    server_fixture fixture{small_server(4)};
    fixture.run([&]() -> task<void> {
        auto checked = co_await fixture.greeted();
        fixture.hashes.held = true;
        co_await checked.send(registration("Alice"));
        while (fixture.hashes.made == 0) co_await yield();

        auto silent = co_await fixture.connected();
        auto newcomer = co_await fixture.connected();
        auto evicted = co_await silent.receives_closing(code::server_full);
        CHECK(evicted);
        fixture.hashes.held = false;
        fixture.hashes.held.notify_all();
        co_await checked.receive<wire::granted>();
    });
}

TEST_CASE("a crowd of silent visitors does not keep anybody out")
{
    server_fixture fixture{small_server(8), detail::services::echo, 2};
    fixture.run([&]() -> task<void> {
        std::deque<test_client> crowd;
        for (int i = 0; i < 200; ++i) {
            auto& one = crowd.emplace_back(fixture.io);
            co_await one.connect(fixture.endpoint);
            if (i % 50 != 25) continue;
            auto real = co_await fixture.greeted();
        }
    });
    CHECK(fixture.server->defects() == 0);
}

TEST_CASE("every line about a connection has its number and no other connection has it")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        for (auto const* name : {"Alice", "Bob"}) {
            auto someone = co_await fixture.registered(name);
            co_await someone.send(wire::closing{});
            co_await someone.receive();
        }
    });
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
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        for (int how = 0; how < 4; ++how) {
            auto someone = co_await fixture.admitted();
            if (how == 0) co_await someone.send(wire::closing{});
            if (how == 2) co_await someone.send_raw(std::string("\0\0", 2));
            if (how == 3) {
                someone.reset();
            } else {
                someone.half_close();
            }
            co_await fixture.wait_for_connections(0);
        }
    });
    auto const closed = fixture.log.events("connection_closed");
    REQUIRE(closed.size() == 3);
    CHECK(closed[0].field("code") == "by_peer");
    CHECK(closed[1].field("code") == "half_closed");
    CHECK(closed[2].field("code") == "cut_off");
    CHECK(fixture.log.count("connection_lost") == 1);
}
