#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;
using mode = wire::access_mode;

TEST_CASE("a first byte that begins no frame is answered in the clear")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.connected();
        co_await someone.send_raw("GET / HTTP/1.1\r\n");
        auto closed = co_await someone.receives_closing(code::protocol_error);
        CHECK(closed);
    });
}

TEST_CASE("another version is refused with the versions that are spoken")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.connected();
        co_await someone.send_raw(std::string("\0\0\0\3\1\7\7", 7));
        auto closing = co_await someone.receive<wire::closing>();
        CHECK(closing.code == static_cast<std::uint16_t>(code::unsupported_version));
        CHECK(closing.reason.find('1') != std::string_view::npos);
    });
}

TEST_CASE("a frame over the limit in force is refused before it comes")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.connected();
        co_await someone.send_raw(std::string("\0\0\x10\1", 4));  // 4,097 bytes announced, none sent
        auto closed = co_await someone.receives_closing(code::frame_too_large);
        CHECK(closed);
    });
}

TEST_CASE("who takes too long to get access is told so")
{
    detail::server::options options;
    options.login_grace = std::chrono::milliseconds{50};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto silent = co_await fixture.connected();
        auto closed = co_await silent.receives_closing(code::timeout);
        CHECK(closed);
        auto greeted = co_await fixture.greeted();
        auto closed_too = co_await greeted.receives_closing(code::timeout);
        CHECK(closed_too);
    });
}

TEST_CASE("who says nothing for the idle time is told so")
{
    auto options = open_access();
    options.idle_timeout = std::chrono::milliseconds{50};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.admitted();
        auto closed = co_await someone.receives_closing(code::idle);
        CHECK(closed);
    });
}

TEST_CASE("who goes on talking is not idle")
{
    auto options = open_access();
    options.idle_timeout = std::chrono::milliseconds{500};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto talker = co_await fixture.admitted();
        auto silent = co_await fixture.admitted();
        while (fixture.log.count("connection_closed") == 0) {
            co_await talker.exchange("as always");
        }
        auto closed = co_await silent.receives_closing(code::idle);
        CHECK(closed);
        co_await talker.exchange("still here");
    });
}

TEST_CASE("a visitor that half-closes gets the answers to every whole frame and no closing")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.admitted();
        for (int i = 0; i < 1000; ++i) {
            auto const number = std::to_string(i);
            wire::text text;
            text.body = number;
            someone.queue(text);
        }
        co_await someone.flush();
        co_await someone.send_raw(std::string("\0\0\0\7half", 8));
        someone.half_close();
        for (int i = 0; i < 1000; ++i) {
            auto echo = co_await someone.receive<wire::text>();
            CHECK(echo.body == std::to_string(i));
        }
        auto more = co_await someone.receive();
        CHECK(!more);
    });
}

TEST_CASE("a service whose exception escapes ends its own connection as our fault")
{
    auto broken = [](connection& client) -> task<void> {
        auto text = co_await client.receive_text();
        throw std::runtime_error("a bug in a service");
    };
    server_fixture fixture{open_access(), broken};
    fixture.run([&]() -> task<void> {
        auto victim = co_await fixture.admitted();
        auto other = co_await fixture.admitted();
        co_await victim.send(wire::text{"boom"});
        auto closed = co_await victim.receives_closing(code::internal);
        CHECK(closed);
        co_await other.send(wire::ping{});
        co_await other.receive<wire::pong>();
    });
    CHECK(fixture.log.count("defect") == 1);
}

TEST_CASE("a house that is full says so and lets the next one in when somebody has left")
{
    auto options = open_access();
    options.max_connections = 1;
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto first = co_await fixture.admitted();
        auto second = co_await fixture.connected();
        auto closed = co_await second.receives_closing(code::server_full);
        CHECK(closed);
        first.half_close();
        auto gone = co_await first.receive();
        CHECK(!gone);
        // The place is free when the connection's coroutine has ended, which may be after its last byte was heard.
        for (bool admitted = false; !admitted;) {
            auto next = co_await fixture.connected();
            co_await next.send(wire::hello{});
            auto reply = co_await next.receive();
            admitted = reply && std::holds_alternative<wire::welcome>(*reply);
        }
    });
}
