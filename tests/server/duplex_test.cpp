// One coroutine of a service receives while another one sends; receives are cancelled and have deadlines.
#include "base/awaitable_operators.hpp"
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;
using namespace porter::detail::base::awaitable_operators;
namespace wire = detail::protocol;

namespace {

wire::text text_of(std::string_view body)
{
    wire::text text;
    text.body = body;
    return text;
}

task<void> expect_text(test_client& client, std::string body)
{
    auto const text = co_await client.receive<wire::text>();
    CHECK(text.body == body);
}

/// Echoes until the connection ends.
task<void> echo_all(connection& client)
{
    while (auto messages = co_await client.receive_some()) {
        for (auto const& each : *messages) client.queue(each);
    }
}

/// Sends numbered texts of this size.
task<void> send_numbers(connection& client, int count, std::size_t size)
{
    for (int i = 0; i < count; ++i) {
        auto body = "number " + std::to_string(i);
        body.resize(size, '.');
        auto const is_open = co_await client.send(std::move(body));
        if (!is_open) co_return;
    }
}

}  // namespace

TEST_CASE("one coroutine echoes while another one sends")
{
    auto const service = [](connection& client) -> task<void> {
        auto both = echo_all(client) && send_numbers(client, 200, 10'000);
        co_await std::move(both);
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        for (int i = 0; i < 200; ++i) client.queue(text_of("echo " + std::to_string(i)));
        co_await client.flush();
        int numbers = 0;
        int echoes = 0;
        while (numbers < 200 || echoes < 200) {
            auto const text = co_await client.receive<wire::text>();
            if (text.body.starts_with("echo")) {
                if (text.body != "echo " + std::to_string(echoes)) FAIL("an echo is out of order: " << text.body);
                ++echoes;
            } else {
                if (!text.body.starts_with("number " + std::to_string(numbers) + ".")) FAIL("out of order");
                ++numbers;
            }
        }
        co_await client.send(wire::closing{});
    });
}

TEST_CASE("a slow peer is not lost while its service receives and sends")
{
    auto const service = [](connection& client) -> task<void> {
        auto both = echo_all(client) && send_numbers(client, 100, 1'000'000);
        co_await std::move(both);
    };
    auto options = open_access();
    options.frame_time = 400ms;  // ticks of 50 ms
    options.output_time = 60s;
    server_fixture fixture{options, service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        detail::base::steady_timer pause{fixture.io, 500ms};  // the server's buffers are full, and many ticks pass
        co_await pause.async_wait(use_task);
        for (int i = 0; i < 100; ++i) {
            auto const text = co_await client.receive<wire::text>();
            if (!text.body.starts_with("number " + std::to_string(i) + ".")) FAIL("out of order at " << i);
        }
    });
    CHECK(fixture.log.count("connection_lost") == 0);
}

TEST_CASE("a receive that is cancelled loses nothing")
{
    auto const service = [](connection& client) -> task<void> {
        auto const executor = co_await asio::this_coro::executor;
        for (int round = 0; round < 3;) {
            detail::base::steady_timer timer{executor, 1ms};
            auto either = client.receive_text() || timer.async_wait(use_task);
            auto const first = co_await std::move(either);
            if (first.index() == 1) continue;
            client.queue(*std::get<0>(first));
            ++round;
        }
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        for (auto const* body : {"one", "two", "three"}) {
            detail::base::steady_timer pause{fixture.io, 5ms};
            co_await pause.async_wait(use_task);
            co_await client.send(text_of(body));
            co_await expect_text(client, body);
        }
        auto const closed = co_await client.receives_closing(code::normal);
        CHECK(closed);
    });
}

TEST_CASE("a receive with a deadline returns a message or times out or ends")
{
    std::vector<std::string> seen;
    auto const service = [&seen](connection& client) -> task<void> {
        for (;;) {
            auto const limit = seen.empty() ? std::chrono::milliseconds{1} : std::chrono::minutes{1};
            auto const got = co_await client.receive_text_for(limit);
            if (got) {
                client.queue(*got);
                seen.push_back(*got);
            } else if (got.error() == receive_errc::timed_out) {
                client.queue("are you there?");
                seen.emplace_back("timed out");
            } else {
                seen.emplace_back("ended");
                co_return;
            }
        }
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        co_await expect_text(client, "are you there?");
        co_await client.send(text_of("yes"));
        co_await expect_text(client, "yes");
        co_await client.send(wire::closing{});
        co_await fixture.wait_for_connections(0);
    });
    CHECK(seen == std::vector<std::string>{"timed out", "yes", "ended"});
}

TEST_CASE("a second receive at the same time ends that connection and not the server")
{
    auto const service = [](connection& client) -> task<void> {
        auto both = echo_all(client) || echo_all(client);
        co_await std::move(both);
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        auto const closed = co_await client.receives_closing(code::internal);
        CHECK(closed);
        auto another = co_await fixture.admitted();
        auto const again = co_await another.receives_closing(code::internal);
        CHECK(again);
    });
    CHECK(fixture.log.count("defect") >= 2);
}
