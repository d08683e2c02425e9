// How a house is emptied, and what becomes of those who do not go (promise S8).
#include "support/catch.hpp"
#include "support/test_house.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = rooms::protocol;

namespace {

task<void> enters(visitor& someone, test_house& house)
{
    co_await someone.connect(house.where);
    co_await someone.greet();
    co_await someone.hear<wire::granted>();
}

rooms::server::options open_rules()
{
    return with_access(wire::access_mode::open);
}

}  // namespace

TEST_CASE("stopping says shutting_down to everybody and leaves no work")
{
    test_house house{open_rules(), rooms::services::echo, 2};
    auto scene = [&]() -> task<void> {
        visitor one{house.io};
        visitor two{house.io};
        visitor stranger{house.io};
        co_await enters(one, house);
        co_await enters(two, house);
        co_await stranger.connect(house.where);
        co_await stranger.greet();
        house.doorman->stop();
        auto first = co_await one.hears_closing(code::shutting_down);
        auto second = co_await two.hears_closing(code::shutting_down);
        CHECK(first);
        CHECK(second);
    };
    house.run(scene());
    house.io.restart();
    house.io.run();  // returns: nothing of the server is left
    CHECK(house.doorman->defects() == 0);
}

TEST_CASE("stopping meets a connection wherever it is between two messages")
{
    for (int turns = 0; turns < 24; ++turns) {
        CAPTURE(turns);
        test_house house{open_rules()};
        auto scene = [&]() -> task<void> {
            auto executor = co_await asio::this_coro::executor;
            visitor one{house.io};
            co_await enters(one, house);
            co_await one.say(wire::text{"echo"});
            for (int i = 0; i < turns; ++i) co_await asio::post(executor, use_task);
            house.doorman->stop();
            bool told = false;
            for (bool hears = true; hears && !told;) {
                auto const heard = co_await one.hear();
                hears = heard.has_value();
                told = hears && std::holds_alternative<wire::closing>(*heard);
            }
            CHECK(told);
        };
        house.run(scene());
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
        rooms::base::steady_timer timer{executor, std::chrono::hours{1}};
        waits = true;
        auto const ran_out = co_await rooms::base::run_out(timer);
        was_cancelled = !ran_out;
    };
    test_house house{open_rules(), service};
    auto scene = [&]() -> task<void> {
        auto executor = co_await asio::this_coro::executor;
        visitor one{house.io};
        co_await enters(one, house);
        co_await one.say(wire::text{"first"});
        for (int i = 0; i < 100; ++i) co_await asio::post(executor, use_task);  // until it is received
        co_await one.say(wire::text{"second"});
        co_await one.say(wire::hello{});
        all_is_sent = true;
        while (!waits) co_await asio::post(executor, use_task);
        house.doorman->stop();
    };
    house.run(scene());
    house.io.restart();
    house.io.run();
    CHECK(was_cancelled);
}

TEST_CASE("who waits for a password to be checked when the house closes hears of that alone")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        auto executor = co_await asio::this_coro::executor;
        wire::login login;
        login.name = "Alice";
        login.password = "a horse on a staple";
        house.hashes.held = true;
        visitor first{house.io};
        co_await first.connect(house.where);
        co_await first.greet();
        co_await first.say(login);
        while (house.hashes.verified == 0) co_await asio::post(executor, use_task);
        visitor second{house.io};
        co_await second.connect(house.where);
        co_await second.greet();
        co_await second.say(login);
        for (int i = 0; i < 200; ++i) co_await asio::post(executor, use_task);  // until it waits behind the first
        house.doorman->stop();
        auto closed = co_await second.hears_closing(code::shutting_down);
        CHECK(closed);
        house.hashes.held = false;
        house.hashes.held.notify_all();
        auto closed_too = co_await first.hears_closing(code::shutting_down);
        CHECK(closed_too);
    };
    house.run(scene());
}

TEST_CASE("who hears the closing and does not go is not waited for without end")
{
    test_house house{open_rules()};
    auto scene = [&]() -> task<void> {
        visitor lingering{house.io};
        co_await enters(lingering, house);
        co_await lingering.say(wire::hello{});
        auto closed = co_await lingering.hears_closing(code::protocol_error);
        CHECK(closed);
        auto executor = co_await asio::this_coro::executor;
        while (house.doorman->connections() != 0) co_await asio::post(executor, use_task);
    };
    house.run(scene());
}

// Promise S8: the house is empty within the time that connections have for their leave, whatever they do.
TEST_CASE("who takes no output is cut off when the house is to be empty")
{
    auto rules = open_rules();
    rules.output_time = std::chrono::hours{1};
    auto drown = [](connection& client) -> task<void> { co_await client.send(std::string(64U << 20U, 'x')); };
    test_house house{rules, drown};
    auto scene = [&]() -> task<void> {
        visitor lazy{house.io};
        co_await enters(lazy, house);
        house.doorman->stop();
        auto executor = co_await asio::this_coro::executor;
        while (house.doorman->connections() != 0) co_await asio::post(executor, use_task);
    };
    house.run(scene());
}
