// What becomes of those without access when the house fills up (promises N3 and N4).
#include <filesystem>
#include <iterator>
#include <set>

#include "server/descriptors.hpp"
#include "server/peer.hpp"
#include "support/catch.hpp"
#include "support/scripted_server.hpp"
#include "support/test_house.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = rooms::protocol;

namespace {

rooms::server::options small_house(std::size_t places)
{
    rooms::server::options rules;
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
    test_house house{small_house(4)};
    auto scene = [&]() -> task<void> {
        visitor silent{house.io};
        co_await silent.connect(house.where);
        visitor greeted{house.io};
        co_await greeted.connect(house.where);
        co_await greeted.greet();
        visitor newcomer{house.io};
        co_await newcomer.connect(house.where);
        co_await newcomer.greet();
        auto evicted = co_await silent.hears_closing(code::server_full);
        CHECK(evicted);
        co_await greeted.say(registration());
        co_await greeted.hear<wire::granted>();
    };
    house.run(scene());
}

TEST_CASE("who has said hello and then nothing gives way like any other")
{
    test_house house{small_house(2)};
    auto scene = [&]() -> task<void> {
        visitor greeted{house.io};
        co_await greeted.connect(house.where);
        co_await greeted.greet();
        visitor newcomer{house.io};
        co_await newcomer.connect(house.where);
        co_await newcomer.greet();
        auto evicted = co_await greeted.hears_closing(code::server_full);
        CHECK(evicted);
    };
    house.run(scene());
}

TEST_CASE("who has been told goodbye and does not go gives way at once")
{
    test_house house{small_house(2)};
    auto scene = [&]() -> task<void> {
        auto const before = open_descriptors();
        visitor leaver{house.io};
        co_await leaver.connect(house.where);
        co_await leaver.greet();
        co_await leaver.say(wire::ping{});
        auto told = co_await leaver.hears_closing(code::unauthorized);
        CHECK(told);
        visitor newcomer{house.io};
        co_await newcomer.connect(house.where);
        co_await newcomer.greet();
        co_await a_moment();
        CHECK(open_descriptors() == before + 3);  // those of both visitors, and the house's of the newcomer
    };
    house.run(scene());
}

TEST_CASE("of many who are evicted at once only some are seen off at length")
{
    constexpr std::size_t places = 4;
    test_house house{small_house(places)};
    auto scene = [&]() -> task<void> {
        auto const before = open_descriptors();
        std::deque<visitor> crowd;
        auto const many = rooms::server::max_farewells + 20;
        for (std::size_t i = 0; i < many; ++i) co_await crowd.emplace_back(house.io).connect(house.where);
        for (std::size_t i = 0; i < many - places / 2; ++i) {
            auto evicted = co_await crowd[i].hears_closing(code::server_full);
            CHECK(evicted);
        }
        co_await a_moment();
        CHECK(open_descriptors() <= before + many + places / 2 + rooms::server::max_farewells);
    };
    house.run(scene());
}

TEST_CASE("whose place was given away while a word was on its way is not let in by it")
{
    test_house house{small_house(2)};
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await alice.connect(house.where);
        co_await alice.greet();
        co_await alice.say(registration());
        auto granted = co_await alice.hear<wire::granted>();
        wire::resume resume;
        resume.token = granted.token;
        auto const word = frame_of(resume);

        visitor late{house.io};
        co_await late.connect(house.where);
        co_await late.greet();
        co_await a_moment();
        // Both at once, in this order: the house hears of the newcomer first.
        rooms::base::tcp_socket newcomer{house.io.get_executor()};
        newcomer.connect(house.where);
        REQUIRE(::send(late.socket().native_handle(), word.data(), word.size(), 0) == std::ssize(word));
        auto evicted = co_await late.hears_closing(code::server_full);
        CHECK(evicted);
    };
    house.run(scene());
}

TEST_CASE("to call out somebody who has just left harms nobody")
{
    asio::io_context io;
    manual_clock clock;
    recording_log log;
    rooms::server::options const rules;
    rooms::server::buffer_limiter memory{0, 0};
    rooms::server::io_thread thread{io, clock, memory, std::chrono::milliseconds{1000}};
    {
        auto const from = rooms::identity::address::parse("192.0.2.7")->at(7);
        rooms::server::peer gone{rooms::server::stream{io.get_executor()}, from, thread, rules, log};
        gone.enter();
    }
    thread.evict(7);
}

TEST_CASE("who waits for a password to be checked is not evicted")
{
    test_house house{small_house(4)};
    auto scene = [&]() -> task<void> {
        visitor checked{house.io};
        co_await checked.connect(house.where);
        co_await checked.greet();
        house.hashes.held = true;
        co_await checked.say(registration());
        auto executor = co_await asio::this_coro::executor;
        while (house.hashes.made == 0) co_await asio::post(executor, use_task);

        visitor silent{house.io};
        co_await silent.connect(house.where);
        visitor newcomer{house.io};
        co_await newcomer.connect(house.where);
        auto evicted = co_await silent.hears_closing(code::server_full);
        CHECK(evicted);
        house.hashes.held = false;
        house.hashes.held.notify_all();
        co_await checked.hear<wire::granted>();
    };
    house.run(scene());
}

TEST_CASE("a crowd of silent visitors does not keep anybody out")
{
    test_house house{small_house(8), rooms::services::echo, 2};
    auto scene = [&]() -> task<void> {
        std::deque<visitor> crowd;
        for (int i = 0; i < 200; ++i) {
            auto& one = crowd.emplace_back(house.io);
            co_await one.connect(house.where);
            if (i % 50 != 25) continue;
            visitor real{house.io};
            co_await real.connect(house.where);
            co_await real.greet();
        }
    };
    house.run(scene());
    CHECK(house.doorman->defects() == 0);
}

TEST_CASE("every line about a connection has its number and no other connection has it")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        for (auto const* name : {"Alice", "Bob"}) {
            visitor someone{house.io};
            co_await someone.connect(house.where);
            co_await someone.greet();
            auto asked = registration();
            asked.name = name;
            co_await someone.say(asked);
            co_await someone.hear<wire::granted>();
            co_await someone.say(wire::closing{});
            co_await someone.hear();
        }
    };
    house.run(scene());
    std::set<std::string> numbers;
    for (auto const& each : house.log.events()) {
        if (!each.field("address").empty()) numbers.insert(each.field("connection"));
    }
    CHECK(numbers == std::set<std::string>{"1", "2"});
    CHECK(house.log.count("connection_closed") == 2);
    CHECK(house.log.count("registered") == 2);
}

TEST_CASE("the log tells a closing from a half-close and from one that was cut off")
{
    test_house house{with_access(wire::access_mode::open)};
    auto scene = [&]() -> task<void> {
        for (int how = 0; how < 4; ++how) {
            visitor someone{house.io};
            co_await someone.connect(house.where);
            co_await someone.greet();
            co_await someone.hear<wire::granted>();
            if (how == 0) co_await someone.say(wire::closing{});
            if (how == 2) co_await someone.say_raw(std::string("\0\0", 2));
            if (how == 3) {
                someone.vanish();
            } else {
                someone.half_close();
            }
            auto executor = co_await asio::this_coro::executor;
            while (house.doorman->connections() != 0) co_await asio::post(executor, use_task);
        }
    };
    house.run(scene());
    auto const closed = house.log.events("connection_closed");
    REQUIRE(closed.size() == 3);
    CHECK(closed[0].field("code") == "by_peer");
    CHECK(closed[1].field("code") == "half_closed");
    CHECK(closed[2].field("code") == "cut_off");
    CHECK(house.log.count("connection_lost") == 1);
}
