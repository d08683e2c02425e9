#include "support/catch.hpp"
#include "support/test_house.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = rooms::protocol;
using mode = wire::access_mode;

namespace {

task<void> enters(visitor& someone, test_house& house)
{
    co_await someone.connect(house.where);
    co_await someone.greet();
    co_await someone.hear<wire::granted>();
}

rooms::server::options open_rules()
{
    return with_access(mode::open);
}

}  // namespace

TEST_CASE("a first byte that begins no frame is answered in the clear")
{
    test_house house{open_rules()};
    auto scene = [&]() -> task<void> {
        visitor someone{house.io};
        co_await someone.connect(house.where);
        co_await someone.say_raw("GET / HTTP/1.1\r\n");
        auto closed = co_await someone.hears_closing(code::protocol_error);
        CHECK(closed);
    };
    house.run(scene());
}

TEST_CASE("another version is refused with the versions that are spoken")
{
    test_house house{open_rules()};
    auto scene = [&]() -> task<void> {
        visitor someone{house.io};
        co_await someone.connect(house.where);
        co_await someone.say_raw(std::string("\0\0\0\3\1\7\7", 7));
        auto closing = co_await someone.hear<wire::closing>();
        CHECK(closing.what == static_cast<std::uint16_t>(code::unsupported_version));
        CHECK(closing.reason.find('1') != std::string_view::npos);
    };
    house.run(scene());
}

TEST_CASE("a frame over the limit in force is refused before it comes")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor someone{house.io};
        co_await someone.connect(house.where);
        co_await someone.say_raw(std::string("\0\0\x10\1", 4));  // 4,097 bytes announced, none sent
        auto closed = co_await someone.hears_closing(code::frame_too_large);
        CHECK(closed);
    };
    house.run(scene());
}

TEST_CASE("who takes too long to get access is told so")
{
    rooms::server::options rules;
    rules.login_grace = std::chrono::milliseconds{50};
    test_house house{rules};
    auto scene = [&]() -> task<void> {
        visitor silent{house.io};
        co_await silent.connect(house.where);
        auto closed = co_await silent.hears_closing(code::timeout);
        CHECK(closed);
        visitor greeted{house.io};
        co_await greeted.connect(house.where);
        co_await greeted.greet();
        auto closed_too = co_await greeted.hears_closing(code::timeout);
        CHECK(closed_too);
    };
    house.run(scene());
}

TEST_CASE("who says nothing for the idle time is told so")
{
    auto rules = open_rules();
    rules.idle_timeout = std::chrono::milliseconds{50};
    test_house house{rules};
    auto scene = [&]() -> task<void> {
        visitor someone{house.io};
        co_await enters(someone, house);
        auto closed = co_await someone.hears_closing(code::idle);
        CHECK(closed);
    };
    house.run(scene());
}

TEST_CASE("who goes on talking is not idle")
{
    auto rules = open_rules();
    rules.idle_timeout = std::chrono::milliseconds{500};
    test_house house{rules};
    auto scene = [&]() -> task<void> {
        visitor talker{house.io};
        co_await enters(talker, house);
        visitor silent{house.io};
        co_await enters(silent, house);
        while (house.log.count("connection_closed") == 0) {
            co_await talker.say(wire::text{"as always"});
            co_await talker.hear<wire::text>();
        }
        auto closed = co_await silent.hears_closing(code::idle);
        CHECK(closed);
        co_await talker.say(wire::text{"still here"});
        co_await talker.hear<wire::text>();
    };
    house.run(scene());
}

TEST_CASE("a visitor that half-closes gets the answers to every whole frame and no closing")
{
    test_house house{open_rules()};
    auto scene = [&]() -> task<void> {
        visitor someone{house.io};
        co_await enters(someone, house);
        for (int i = 0; i < 1000; ++i) {
            auto const number = std::to_string(i);
            wire::text text;
            text.body = number;
            someone.queue(text);
        }
        co_await someone.flush();
        co_await someone.say_raw(std::string("\0\0\0\7half", 8));
        someone.half_close();
        for (int i = 0; i < 1000; ++i) {
            auto echo = co_await someone.hear<wire::text>();
            CHECK(echo.body == std::to_string(i));
        }
        auto more = co_await someone.hear();
        CHECK(!more);
    };
    house.run(scene());
}

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

// Promise P6: between the store's word and the seat in the house.
TEST_CASE("a session that ends while it is being opened opens nothing")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await alice.connect(house.where);
        co_await alice.greet();
        wire::register_account asked;
        asked.name = "Alice";
        asked.password = "a horse on a staple";
        house.log.on_event = [&](std::string_view event) {
            if (event == "session_opened") house.store.disable(1, house.clock.now());
        };
        co_await alice.say(asked);
        auto denied = co_await alice.hear<wire::denied>();
        CHECK(denied.what == static_cast<std::uint16_t>(code::invalid_token));
        house.log.on_event = {};
    };
    house.run(scene());
}

TEST_CASE("a session that ends elsewhere ends its connections")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor alice{house.io};
        co_await alice.connect(house.where);
        co_await alice.greet();
        wire::register_account asked;
        asked.name = "Alice";
        asked.password = "a horse on a staple";
        co_await alice.say(asked);
        auto granted = co_await alice.hear<wire::granted>();
        std::string const token{granted.token};

        visitor phone{house.io};
        co_await phone.connect(house.where);
        co_await phone.greet();
        wire::resume resume;
        resume.token = token;
        co_await phone.say(resume);
        co_await phone.hear<wire::granted>();

        wire::logout everywhere;
        everywhere.scope = wire::logout_scope::account;
        co_await phone.say(everywhere);
        co_await phone.hear<wire::done>();
        auto here = co_await phone.hears_closing(code::normal);
        CHECK(here);
        auto there = co_await alice.hears_closing(code::session_ended);
        CHECK(there);
    };
    house.run(scene());
}

TEST_CASE("a service whose exception escapes ends its own connection as our fault")
{
    auto broken = [](connection& client) -> task<void> {
        auto text = co_await client.receive_text();
        throw std::runtime_error("a bug in a service");
    };
    test_house house{open_rules(), broken};
    auto scene = [&]() -> task<void> {
        visitor victim{house.io};
        co_await enters(victim, house);
        visitor other{house.io};
        co_await enters(other, house);
        co_await victim.say(wire::text{"boom"});
        auto closed = co_await victim.hears_closing(code::internal);
        CHECK(closed);
        co_await other.say(wire::ping{});
        co_await other.hear<wire::pong>();
    };
    house.run(scene());
    CHECK(house.log.count("defect") == 1);
}

TEST_CASE("a house that is full says so and lets the next one in when somebody has left")
{
    auto rules = open_rules();
    rules.max_connections = 1;
    test_house house{rules};
    auto scene = [&]() -> task<void> {
        visitor first{house.io};
        co_await enters(first, house);
        visitor second{house.io};
        co_await second.connect(house.where);
        auto closed = co_await second.hears_closing(code::server_full);
        CHECK(closed);
        first.half_close();
        auto gone = co_await first.hear();
        CHECK(!gone);
        // The place is free when the connection's coroutine has ended, which may be after its last byte was heard.
        for (bool admitted = false; !admitted;) {
            visitor next{house.io};
            co_await next.connect(house.where);
            co_await next.say(wire::hello{});
            auto reply = co_await next.hear();
            admitted = reply && std::holds_alternative<wire::welcome>(*reply);
        }
    };
    house.run(scene());
}
