// One side of a connection ends before the other one does.
#include <algorithm>
#include <utility>

#include "support/catch.hpp"
#include "support/optional_tls_server.hpp"
#include "support/texts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;
namespace wire = detail::protocol;

namespace {

/// What a service has seen, for the test.
struct observed {
    bool is_open = false;
    std::string texts;
    bool has_returned = false;
};

/// Receives texts until there are no more.
task<void> receive_all(connection& client, observed& seen)
{
    while (auto text = co_await client.receive_text()) seen.texts += *text;
    seen.is_open = client.is_open();
}

task<void> wait(std::chrono::nanoseconds time)
{
    auto const executor = co_await asio::this_coro::executor;
    detail::base::steady_timer timer{executor, time};
    co_await timer.async_wait(use_task);
}

}  // namespace

TEST_CASE("after a half-close of the peer the service can still send")
{
    observed seen;
    auto const service = [&seen](connection& client) -> task<void> {
        co_await receive_all(client, seen);
        for (int i = 0; i < 100; ++i) {
            auto const is_open = co_await client.send(std::string(10'000, 'x'));
            if (!is_open) co_return;
        }
        auto more = co_await client.receive_some_for(1h);
        CHECK_FALSE(more);
        CHECK(more.error() == receive_errc::ended);
        co_await client.closed();
        seen.has_returned = true;
    };
    optional_tls_server server{service};
    server.run(GENERATE(false, true), [&](test_client& client) -> task<void> {
        co_await client.send(wire::text{"question"});
        auto const failed = co_await client.socket().end_sending();
        CHECK_FALSE(failed);
        for (int i = 0; i < 100; ++i) co_await client.receive<wire::text>();
        auto more = co_await client.receive();
        CHECK_FALSE(more);
        co_await server.fixture.wait_for_connections(0);
    });
    CHECK(seen.texts == "question");
    CHECK(seen.is_open);
    CHECK(seen.has_returned);
    CHECK(server.fixture.log.events("connection_closed").at(0).field("code") == "half_closed");
}

TEST_CASE("after a closing of the peer the service cannot send")
{
    observed seen;
    seen.is_open = true;
    auto const service = [&seen](connection& client) -> task<void> {
        co_await receive_all(client, seen);
        auto const is_sent = co_await client.send("too late");
        CHECK_FALSE(is_sent);
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        co_await client.send(wire::closing{});
        auto more = co_await client.receive();
        CHECK_FALSE(more);
        co_await fixture.wait_for_connections(0);
    });
    CHECK_FALSE(seen.is_open);
}

TEST_CASE("a peer that resets after its half-close is noticed")
{
    observed seen;
    auto const service = [&seen](connection& client) -> task<void> {
        co_await receive_all(client, seen);
        co_await client.send("half-closed");
        co_await wait(1h);
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        client.half_close();
        co_await client.receive<wire::text>();
        client.reset();
        co_await fixture.wait_for_connections(0);
    });
    CHECK(seen.is_open);
    CHECK(fixture.log.count("connection_lost") == 1);
}

TEST_CASE("a service that asks for it is cancelled when the peer resets")
{
    auto const service = [](connection& client) -> task<void> {
        client.end_on_reset();
        co_await client.send("ready");
        co_await wait(1h);
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        co_await client.receive<wire::text>();
        client.reset();
        co_await fixture.wait_for_connections(0);
    });
    CHECK(fixture.log.count("connection_lost") == 1);
}

TEST_CASE("a service that has shut down its sending side goes on receiving")
{
    observed seen;
    post_result posted_later{};
    auto const service = [&](connection& client) -> task<void> {
        auto const outbox = client.outbox();
        outbox.post("posted");
        client.queue("queued");
        auto const is_shut_down = co_await client.shutdown_send(code::normal, "no more");
        CHECK(is_shut_down);
        posted_later = outbox.post("later");
        client.queue("later");
        auto const again = co_await client.shutdown_send();
        CHECK_FALSE(again);
        co_await receive_all(client, seen);
        seen.has_returned = true;
    };
    optional_tls_server server{service};
    server.run(GENERATE(false, true), [&](test_client& client) -> task<void> {
        std::string texts;
        for (int i = 0; i < 2; ++i) {
            auto const text = co_await client.receive<wire::text>();
            texts += text.body;
            texts += ' ';
        }
        CHECK(texts == "queued posted ");
        auto closed = co_await client.receives_closing(code::normal);
        CHECK(closed);
        for (int i = 0; i < 50; ++i) {
            co_await client.send(wire::ping{});  // has no answer any more
            co_await client.send(text_of(std::string(10'000, 'y')));
        }
        co_await client.send(wire::closing{});
        co_await server.fixture.wait_for_connections(0);
    });
    CHECK(seen.texts == std::string(500'000, 'y'));
    CHECK(seen.has_returned);
    CHECK(posted_later == post_result::gone);
}

TEST_CASE("a peer that sends nothing after the end of the output is closed")
{
    observed seen;
    auto const service = [&](connection& client) -> task<void> {
        co_await client.shutdown_send();
        co_await receive_all(client, seen);
    };
    auto options = open_access();
    options.half_closed_time = 50ms;
    server_fixture fixture{options, service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        auto closed = co_await client.receives_closing(code::normal);
        CHECK(closed);
        co_await fixture.wait_for_connections(0);
    });
    CHECK(fixture.log.events("connection_closed").at(0).field("code") == "timeout");
}

TEST_CASE("a client whose messages wait for the service is not idle")
{
    auto const service = [](connection& client) -> task<void> {
        co_await wait(1s);
        auto const text = co_await client.receive_text();
        if (text) co_await client.send(*text);
    };
    auto options = open_access();
    options.idle_timeout = 200ms;
    server_fixture fixture{options, service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        co_await client.send(wire::text{"patience"});
        auto const echo = co_await client.receive<wire::text>();
        CHECK(echo.body == "patience");
        client.half_close();
        co_await fixture.wait_for_connections(0);
    });
}

TEST_CASE("a data buffer is sent from where it is and its memory comes back")
{
    auto const service = [](connection& client) -> task<void> {
        data_buffer buffer{48 * 1024};
        auto const* const memory = buffer.body().data();
        for (int i = 0; i < 200; ++i) {
            auto const size = static_cast<std::size_t>(i) * 200;
            std::ranges::fill(buffer.body(), static_cast<std::byte>(i));
            if (i % 7 == 0) client.queue("between");  // then it is copied
            auto const is_open = co_await client.send(buffer, size);
            if (!is_open) co_return;
            CHECK(buffer.body().data() == memory);
            CHECK(buffer.asio_buffer().data() == memory);
            CHECK(buffer.asio_buffer().size() == 48 * 1024);
        }
    };
    optional_tls_server server{service};
    server.run(GENERATE(false, true), [&](test_client& client) -> task<void> {
        for (int i = 0; i < 200; ++i) {
            if (i % 7 == 0) co_await client.receive<wire::text>();
            auto const data = co_await client.receive<wire::data>();
            auto const expected = std::string(static_cast<std::size_t>(i) * 200, static_cast<char>(i));
            if (detail::base::as_text(data.body) != expected) FAIL("message " << i << " is wrong");
        }
        client.half_close();
    });
}

TEST_CASE("more of a data buffer than it has ends that connection and not the server")
{
    auto const service = [](connection& client) -> task<void> {
        data_buffer buffer{1024};
        co_await client.send(buffer, 1025);
    };
    server_fixture fixture{open_access(), service};
    fixture.check_that_defects_end_connections();
}
