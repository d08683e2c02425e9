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
