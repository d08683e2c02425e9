#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;
using mode = wire::access_mode;

namespace {

task<void> enters(test_client& someone, server_fixture& fixture)
{
    co_await someone.connect(fixture.endpoint);
    co_await someone.greet();
    co_await someone.receive<wire::granted>();
}

detail::server::options open_rules()
{
    return with_access(mode::open);
}

}  // namespace

TEST_CASE("a first byte that begins no frame is answered in the clear")
{
    server_fixture fixture{open_rules()};
    auto scene = [&]() -> task<void> {
        test_client someone{fixture.io};
        co_await someone.connect(fixture.endpoint);
        co_await someone.send_raw("GET / HTTP/1.1\r\n");
        auto closed = co_await someone.receives_closing(code::protocol_error);
        CHECK(closed);
    };
    fixture.run(scene());
}

TEST_CASE("another version is refused with the versions that are spoken")
{
    server_fixture fixture{open_rules()};
    auto scene = [&]() -> task<void> {
        test_client someone{fixture.io};
        co_await someone.connect(fixture.endpoint);
        co_await someone.send_raw(std::string("\0\0\0\3\1\7\7", 7));
        auto closing = co_await someone.receive<wire::closing>();
        CHECK(closing.code == static_cast<std::uint16_t>(code::unsupported_version));
        CHECK(closing.reason.find('1') != std::string_view::npos);
    };
    fixture.run(scene());
}

TEST_CASE("a frame over the limit in force is refused before it comes")
{
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        test_client someone{fixture.io};
        co_await someone.connect(fixture.endpoint);
        co_await someone.send_raw(std::string("\0\0\x10\1", 4));  // 4,097 bytes announced, none sent
        auto closed = co_await someone.receives_closing(code::frame_too_large);
        CHECK(closed);
    };
    fixture.run(scene());
}

TEST_CASE("who takes too long to get access is told so")
{
    detail::server::options rules;
    rules.login_grace = std::chrono::milliseconds{50};
    server_fixture fixture{rules};
    auto scene = [&]() -> task<void> {
        test_client silent{fixture.io};
        co_await silent.connect(fixture.endpoint);
        auto closed = co_await silent.receives_closing(code::timeout);
        CHECK(closed);
        test_client greeted{fixture.io};
        co_await greeted.connect(fixture.endpoint);
        co_await greeted.greet();
        auto closed_too = co_await greeted.receives_closing(code::timeout);
        CHECK(closed_too);
    };
    fixture.run(scene());
}

TEST_CASE("who says nothing for the idle time is told so")
{
    auto rules = open_rules();
    rules.idle_timeout = std::chrono::milliseconds{50};
    server_fixture fixture{rules};
    auto scene = [&]() -> task<void> {
        test_client someone{fixture.io};
        co_await enters(someone, fixture);
        auto closed = co_await someone.receives_closing(code::idle);
        CHECK(closed);
    };
    fixture.run(scene());
}

TEST_CASE("who goes on talking is not idle")
{
    auto rules = open_rules();
    rules.idle_timeout = std::chrono::milliseconds{500};
    server_fixture fixture{rules};
    auto scene = [&]() -> task<void> {
        test_client talker{fixture.io};
        co_await enters(talker, fixture);
        test_client silent{fixture.io};
        co_await enters(silent, fixture);
        while (fixture.log.count("connection_closed") == 0) {
            co_await talker.send(wire::text{"as always"});
            co_await talker.receive<wire::text>();
        }
        auto closed = co_await silent.receives_closing(code::idle);
        CHECK(closed);
        co_await talker.send(wire::text{"still here"});
        co_await talker.receive<wire::text>();
    };
    fixture.run(scene());
}

TEST_CASE("a visitor that half-closes gets the answers to every whole frame and no closing")
{
    server_fixture fixture{open_rules()};
    auto scene = [&]() -> task<void> {
        test_client someone{fixture.io};
        co_await enters(someone, fixture);
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
    };
    fixture.run(scene());
}

TEST_CASE("a service whose exception escapes ends its own connection as our fault")
{
    auto broken = [](connection& client) -> task<void> {
        auto text = co_await client.receive_text();
        throw std::runtime_error("a bug in a service");
    };
    server_fixture fixture{open_rules(), broken};
    auto scene = [&]() -> task<void> {
        test_client victim{fixture.io};
        co_await enters(victim, fixture);
        test_client other{fixture.io};
        co_await enters(other, fixture);
        co_await victim.send(wire::text{"boom"});
        auto closed = co_await victim.receives_closing(code::internal);
        CHECK(closed);
        co_await other.send(wire::ping{});
        co_await other.receive<wire::pong>();
    };
    fixture.run(scene());
    CHECK(fixture.log.count("defect") == 1);
}

TEST_CASE("a house that is full says so and lets the next one in when somebody has left")
{
    auto rules = open_rules();
    rules.max_connections = 1;
    server_fixture fixture{rules};
    auto scene = [&]() -> task<void> {
        test_client first{fixture.io};
        co_await enters(first, fixture);
        test_client second{fixture.io};
        co_await second.connect(fixture.endpoint);
        auto closed = co_await second.receives_closing(code::server_full);
        CHECK(closed);
        first.half_close();
        auto gone = co_await first.receive();
        CHECK(!gone);
        // The place is free when the connection's coroutine has ended, which may be after its last byte was heard.
        for (bool admitted = false; !admitted;) {
            test_client next{fixture.io};
            co_await next.connect(fixture.endpoint);
            co_await next.send(wire::hello{});
            auto reply = co_await next.receive();
            admitted = reply && std::holds_alternative<wire::welcome>(*reply);
        }
    };
    fixture.run(scene());
}
