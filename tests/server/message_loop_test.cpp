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
        auto client = co_await fixture.admitted();
        for (int i = 0; i < 5000; ++i) {
            auto const body = "text " + std::to_string(i);
            wire::text text;
            text.body = body;
            client.queue(text);
        }
        co_await client.flush();
        for (int i = 0; i < 5000; ++i) {
            auto echo = co_await client.receive<wire::text>();
            if (echo.body != "text " + std::to_string(i)) FAIL("out of order at " << i);
        }
    });
}

TEST_CASE("replies arrive in the service's order whether they are echoes or other messages")
{
    auto service = [](connection& client) -> task<void> {
        std::string kept;
        while (auto messages = co_await client.receive_some()) {
            client.queue(kept);
            std::optional<message> before;
            for (auto const& each : *messages) {
                client.queue(each);
                client.queue(each);
                if (before) client.queue(*before);
                client.queue(message{each.kind, each.body.substr(0, each.body.size() / 2)});
                client.queue(message{message_kind::data, each.body});
                client.queue(each);
                before = each;
            }
            kept = before->body;
        }
    };
    server_fixture fixture{open_access(), service};
    test_client client{fixture.io};
    auto expect_text = [&](std::string body) -> task<void> {
        auto const text = co_await client.receive<wire::text>();
        CHECK(text.body == body);
    };
    auto expect_data = [&](std::string body) -> task<void> {
        auto const data = co_await client.receive<wire::data>();
        CHECK(detail::base::as_text(data.body) == body);
    };
    fixture.run([&]() -> task<void> {
        co_await client.connect(fixture.endpoint);
        co_await client.greet();
        co_await client.receive_access();
        client.queue(wire::text{"ab"});  // both come in one batch
        client.queue(wire::text{"cd"});
        co_await client.flush();
        for (auto const* each : {"", "ab", "ab", "a"}) co_await expect_text(each);
        co_await expect_data("ab");
        for (auto const* each : {"ab", "cd", "cd", "ab", "c"}) co_await expect_text(each);
        co_await expect_data("cd");
        co_await expect_text("cd");
        std::string kept = "cd";
        for (std::size_t size : {40'000U, 200'000U, 6U, 6U}) {  // the input moves to larger memory and back
            std::string const body(size, 'x');
            co_await client.send(wire::text{body});
            co_await expect_text(kept);
            co_await expect_text(body);
            co_await expect_text(body);
            co_await expect_text(body.substr(0, size / 2));
            co_await expect_data(body);
            co_await expect_text(body);
            kept = body;
        }
    });
    CHECK(fixture.server->defects() == 0);
}

TEST_CASE("a frame of the maximal size is accepted and one byte more is not")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        std::string body(1024 * 1024 - 1, 'x');  // and the kind
        wire::text text;
        text.body = body;
        co_await client.send(text);
        auto echo = co_await client.receive<wire::text>();
        CHECK(echo.body == body);
        body += 'x';
        text.body = body;
        co_await client.send(text);
        auto closed = co_await client.receives_closing(code::frame_too_large);
        CHECK(closed);
    });
}

TEST_CASE("pings are answered in order among the texts")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        client.queue(wire::text{"before"});
        wire::ping ping;
        ping.body = detail::base::as_bytes("between");
        client.queue(ping);
        client.queue(wire::pong{});  // without a ping: ignored
        client.queue(wire::text{"after"});
        co_await client.flush();
        auto before = co_await client.receive<wire::text>();
        CHECK(before.body == "before");
        auto pong = co_await client.receive<wire::pong>();
        CHECK(detail::base::as_text(pong.body) == "between");
        auto after = co_await client.receive<wire::text>();
        CHECK(after.body == "after");
    });
}

TEST_CASE("small requests with large replies are processed only as fast as the replies are read")
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

// Promise N6: a client that reads nothing costs no more than the output limit and one read.
TEST_CASE("when unwritten output reaches its limit no further message is processed")
{
    std::size_t most = 0;
    auto generous = [&most](connection& client) -> task<void> {
        for (;;) {
            auto some = co_await client.receive_some();
            if (!some) co_return;
            std::size_t taken = 0;
            std::string const large(64 * 1024, 'x');
            for ([[maybe_unused]] auto const& each : *some) {
                client.queue(large);
                ++taken;
            }
            most = std::max(most, taken);
        }
    };
    server_fixture fixture{open_access(), generous};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        for (int i = 0; i < 100; ++i) client.queue(wire::text{"more"});
        co_await client.flush();
        for (int i = 0; i < 100; ++i) co_await client.receive<wire::text>();
    });
    CHECK(most == 1);
}

TEST_CASE("a service may receive single texts and return before all are received")
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
        auto client = co_await fixture.admitted();
        auto hello = co_await client.receive<wire::text>();
        CHECK(hello.body == "Hello!");
        client.queue(wire::text{"one"});
        client.queue(wire::data{});
        client.queue(wire::text{"two"});
        client.queue(wire::text{"bye"});
        client.queue(wire::text{"not received"});
        co_await client.flush();
        auto one = co_await client.receive<wire::text>();
        CHECK(one.body == "you said: one");
        auto denied = co_await client.receive<wire::denied>();
        CHECK(denied.code == static_cast<std::uint16_t>(code::not_supported));
        auto two = co_await client.receive<wire::text>();
        CHECK(two.body == "you said: two");
        auto closed = co_await client.receives_closing(code::normal);
        CHECK(closed);
    });
}

TEST_CASE("the wait of a service is cancelled when its session ends")
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
        auto client = co_await fixture.registered("Alice");
        co_await client.receive<wire::text>();
        fixture.store.disable(1, fixture.clock.now());
        auto const closed = co_await client.receives_closing(code::session_ended);
        CHECK(closed);
        CHECK(cancelled);
    });
}

TEST_CASE("the server stops although the cancellation escapes a waiting service")
{
    auto const sleeper = [](connection& client) -> task<void> {
        auto executor = co_await asio::this_coro::executor;
        detail::base::steady_timer long_time{executor, std::chrono::hours{1}};
        co_await client.send("waiting");
        co_await long_time.async_wait(use_task);
    };
    server_fixture fixture{open_access(), sleeper};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        co_await client.receive<wire::text>();
        fixture.server->stop();
        auto const closed = co_await client.receives_closing(code::shutting_down);
        CHECK(closed);
    });
    CHECK(fixture.log.count("defect") == 0);
}

TEST_CASE("a message that is not allowed after access is a protocol error")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto again = co_await fixture.admitted();
        co_await again.send(wire::hello{});
        auto closed = co_await again.receives_closing(code::protocol_error);
        CHECK(closed);
        auto named = co_await fixture.admitted();
        co_await named.send(wire::identify{"Bob"});
        auto second_closed = co_await named.receives_closing(code::protocol_error);
        CHECK(second_closed);
    });
}
