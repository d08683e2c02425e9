#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;
using mode = wire::access_mode;

TEST_CASE("five thousand pipelined texts come back in order")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.admitted();
        for (int i = 0; i < 5000; ++i) {
            auto const said = "text " + std::to_string(i);
            wire::text text;
            text.body = said;
            someone.queue(text);
        }
        co_await someone.flush();
        for (int i = 0; i < 5000; ++i) {
            auto echo = co_await someone.receive<wire::text>();
            if (echo.body != "text " + std::to_string(i)) FAIL("out of order at " << i);
        }
    });
}

TEST_CASE("replies come in the order of the service whether they are what came or something else")
{
    auto service = [](connection& client) -> task<void> {
        std::string kept;
        while (auto messages = co_await client.receive_some()) {
            client.reply(kept);
            std::optional<message> before;
            for (auto const& each : *messages) {
                client.reply(each);
                client.reply(each);
                if (before) client.reply(*before);
                client.reply(message{each.kind, each.body.substr(0, each.body.size() / 2)});
                client.reply(message{message_kind::data, each.body});
                client.reply(each);
                before = each;
            }
            kept = before->body;
        }
    };
    server_fixture fixture{open_access(), service};
    test_client someone{fixture.io};
    auto hears = [&](std::string what) -> task<void> {
        auto const heard = co_await someone.receive<wire::text>();
        CHECK(heard.body == what);
    };
    auto hears_data = [&](std::string what) -> task<void> {
        auto const heard = co_await someone.receive<wire::data>();
        CHECK(detail::base::as_text(heard.body) == what);
    };
    fixture.run([&]() -> task<void> {
        co_await someone.connect(fixture.endpoint);
        co_await someone.greet();
        co_await someone.receive_access();
        someone.queue(wire::text{"ab"});  // both come in one batch
        someone.queue(wire::text{"cd"});
        co_await someone.flush();
        for (auto const* each : {"", "ab", "ab", "a"}) co_await hears(each);
        co_await hears_data("ab");
        for (auto const* each : {"ab", "cd", "cd", "ab", "c"}) co_await hears(each);
        co_await hears_data("cd");
        co_await hears("cd");
        std::string kept = "cd";
        for (std::size_t size : {40'000U, 200'000U, 6U, 6U}) {  // the input moves to larger memory and back
            std::string const said(size, 'x');
            co_await someone.send(wire::text{said});
            co_await hears(kept);
            co_await hears(said);
            co_await hears(said);
            co_await hears(said.substr(0, size / 2));
            co_await hears_data(said);
            co_await hears(said);
            kept = said;
        }
    });
    CHECK(fixture.server->defects() == 0);
}

TEST_CASE("a frame of exactly the limit passes and one byte more does not")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.admitted();
        std::string body(1024 * 1024 - 1, 'x');  // and the kind
        wire::text text;
        text.body = body;
        co_await someone.send(text);
        auto echo = co_await someone.receive<wire::text>();
        CHECK(echo.body == body);
        body += 'x';
        text.body = body;
        co_await someone.send(text);
        auto closed = co_await someone.receives_closing(code::frame_too_large);
        CHECK(closed);
    });
}

TEST_CASE("pings are answered in order among the texts")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.admitted();
        someone.queue(wire::text{"before"});
        wire::ping ping;
        ping.body = detail::base::as_bytes("between");
        someone.queue(ping);
        someone.queue(wire::pong{});  // unasked: ignored
        someone.queue(wire::text{"after"});
        co_await someone.flush();
        auto before = co_await someone.receive<wire::text>();
        CHECK(before.body == "before");
        auto pong = co_await someone.receive<wire::pong>();
        CHECK(detail::base::as_text(pong.body) == "between");
        auto after = co_await someone.receive<wire::text>();
        CHECK(after.body == "after");
    });
}

TEST_CASE("a flood of small requests with large answers is taken up only as fast as the answers are read")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        constexpr int requests = 20'000;
        for (int i = 0; i < requests; ++i) alice.queue(wire::list_sessions{});
        auto const all = alice.socket().encoder().size();
        co_await alice.flush();
        CHECK(all == requests * 5);
        for (int i = 0; i < requests; ++i) co_await alice.receive<wire::sessions>();
    });
}

// Promise N6: whoever reads nothing costs no more than the cap and what was read from him in one go.
TEST_CASE("when the answers that wait reach the cap nothing more is taken up")
{
    std::size_t most = 0;
    auto generous = [&most](connection& client) -> task<void> {
        for (;;) {
            auto some = co_await client.receive_some();
            if (!some) co_return;
            std::size_t taken = 0;
            std::string const large(64 * 1024, 'x');
            for ([[maybe_unused]] auto const& each : *some) {
                client.reply(large);
                ++taken;
            }
            most = std::max(most, taken);
        }
    };
    server_fixture fixture{open_access(), generous};
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.admitted();
        for (int i = 0; i < 100; ++i) someone.queue(wire::text{"more"});
        co_await someone.flush();
        for (int i = 0; i < 100; ++i) co_await someone.receive<wire::text>();
    });
    CHECK(most == 1);
}

TEST_CASE("a service may ask for one message at a time and leave what it likes")
{
    auto greeter = [](connection& client) -> task<void> {
        co_await client.send("Hello!");
        while (auto text = co_await client.receive_text()) {
            if (*text == "bye") co_return;
            co_await client.send("you said: " + *text);
        }
    };
    server_fixture fixture{open_access(), greeter};
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.admitted();
        auto hello = co_await someone.receive<wire::text>();
        CHECK(hello.body == "Hello!");
        someone.queue(wire::text{"one"});
        someone.queue(wire::data{});
        someone.queue(wire::text{"two"});
        someone.queue(wire::text{"bye"});
        someone.queue(wire::text{"nobody hears this"});
        co_await someone.flush();
        auto one = co_await someone.receive<wire::text>();
        CHECK(one.body == "you said: one");
        auto denied = co_await someone.receive<wire::denied>();
        CHECK(denied.code == static_cast<std::uint16_t>(code::not_supported));
        auto two = co_await someone.receive<wire::text>();
        CHECK(two.body == "you said: two");
        auto closed = co_await someone.receives_closing(code::normal);
        CHECK(closed);
    });
}

TEST_CASE("a service that waits for something else is cancelled when its session ends")
{
    bool cancelled = false;
    auto const sleeper = [&cancelled](connection& client) -> task<void> {
        auto executor = co_await asio::this_coro::executor;
        detail::base::steady_timer long_time{executor, std::chrono::hours{1}};
        co_await client.send("waiting");
        auto const ran_out = co_await detail::base::wait_for_expiry(long_time);
        cancelled = !ran_out;
    };
    server_fixture fixture{with_access(mode::authenticate), sleeper};
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.registered("Alice");
        co_await someone.receive<wire::text>();
        fixture.store.disable(1, fixture.clock.now());
        auto const told = co_await someone.receives_closing(code::session_ended);
        CHECK(told);
        CHECK(cancelled);
    });
}

TEST_CASE("the server stops although a service waits for something else and lets the cancellation escape")
{
    auto const sleeper = [](connection& client) -> task<void> {
        auto executor = co_await asio::this_coro::executor;
        detail::base::steady_timer long_time{executor, std::chrono::hours{1}};
        co_await client.send("waiting");
        co_await long_time.async_wait(use_task);
    };
    server_fixture fixture{open_access(), sleeper};
    fixture.run([&]() -> task<void> {
        auto someone = co_await fixture.admitted();
        co_await someone.receive<wire::text>();
        fixture.server->stop();
        auto const told = co_await someone.receives_closing(code::shutting_down);
        CHECK(told);
    });
    CHECK(fixture.log.count("defect") == 0);
}

TEST_CASE("what has no place after access is a protocol error")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto again = co_await fixture.admitted();
        co_await again.send(wire::hello{});
        auto closed = co_await again.receives_closing(code::protocol_error);
        CHECK(closed);
        auto namer = co_await fixture.admitted();
        co_await namer.send(wire::identify{"Bob"});
        auto closed_too = co_await namer.receives_closing(code::protocol_error);
        CHECK(closed_too);
    });
}
