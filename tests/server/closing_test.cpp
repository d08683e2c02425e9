#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

TEST_CASE("a first byte that begins no frame is answered with a plaintext closing")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.connected();
        co_await client.send_raw("GET / HTTP/1.1\r\n");
        auto closed = co_await client.receives_closing(code::protocol_error);
        CHECK(closed);
    });
}

TEST_CASE("another protocol version is rejected with the supported version")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.connected();
        co_await client.send_raw(std::string("\0\0\0\3\1\7\7", 7));
        auto closing = co_await client.receive<wire::closing>();
        CHECK(closing.code == static_cast<std::uint16_t>(code::unsupported_version));
        CHECK(closing.reason.find('1') != std::string_view::npos);
    });
}

TEST_CASE("a frame over the current limit is rejected before it arrives")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.connected();
        co_await client.send_raw(std::string("\0\0\x10\1", 4));  // 4,097 bytes announced, none sent
        auto closed = co_await client.receives_closing(code::frame_too_large);
        CHECK(closed);
    });
}

TEST_CASE("a client without access in time is closed with timeout")
{
    detail::server::options options;
    options.login_grace = std::chrono::milliseconds{500};  // enough to be greeted on a busy machine
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto silent = co_await fixture.connected();
        auto closed = co_await silent.receives_closing(code::timeout);
        CHECK(closed);
        auto greeted = co_await fixture.greeted();
        auto second_closed = co_await greeted.receives_closing(code::timeout);
        CHECK(second_closed);
    });
}

TEST_CASE("a silent client is closed as idle")
{
    auto options = open_access();
    options.idle_timeout = std::chrono::milliseconds{50};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        auto closed = co_await client.receives_closing(code::idle);
        CHECK(closed);
    });
}

TEST_CASE("a client that sends texts is not idle")
{
    auto options = open_access();
    options.idle_timeout = std::chrono::milliseconds{500};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto active = co_await fixture.admitted();
        auto silent = co_await fixture.admitted();
        while (fixture.log.count("connection_closed") == 0) {
            co_await active.exchange("as always");
        }
        auto closed = co_await silent.receives_closing(code::idle);
        CHECK(closed);
        co_await active.exchange("still here");
    });
}

TEST_CASE("after a half-close a client gets the answer to every complete frame and no closing")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        for (int i = 0; i < 1000; ++i) {
            auto const number = std::to_string(i);
            wire::text text;
            text.body = number;
            client.queue(text);
        }
        co_await client.flush();
        co_await client.send_raw(std::string("\0\0\0\7half", 8));
        client.half_close();
        for (int i = 0; i < 1000; ++i) {
            auto echo = co_await client.receive<wire::text>();
            CHECK(echo.body == std::to_string(i));
        }
        auto more = co_await client.receive();
        CHECK(!more);
    });
}

TEST_CASE("an exception that escapes a service ends its connection alone with internal")
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

TEST_CASE("a full server sends server_full and accepts again once a connection has closed")
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
        auto more = co_await first.receive();
        CHECK(!more);
        // The slot is free once the connection's coroutine has ended, which may be after its last byte arrives here.
        for (bool admitted = false; !admitted;) {
            auto next = co_await fixture.connected();
            co_await next.send(wire::hello{});
            auto reply = co_await next.receive();
            admitted = reply && std::holds_alternative<wire::welcome>(*reply);
        }
    });
}
