// One coroutine of a service receives while another one sends; receives are cancelled and have deadlines.
#include "base/awaitable_operators.hpp"
#include "support/catch.hpp"
#include "support/server_fixture.hpp"
#include "support/texts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;
using namespace porter::detail::base::awaitable_operators;
namespace wire = detail::protocol;

namespace {

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

task<void> fail_at_once()
{
    throw std::logic_error{"a bug of one side"};
    co_return;
}

task<void> wait_forever()
{
    auto const executor = co_await asio::this_coro::executor;
    detail::base::steady_timer never{executor, 24h};
    co_await never.async_wait(use_task);
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
    fixture.check_that_defects_end_connections();
}

TEST_CASE("a receive and a send and a post wait for a slow peer at the same time and an account request comes")
{
    std::optional<outbox> box;
    auto const service = [&box](connection& client) -> task<void> {
        box.emplace(client.outbox());
        auto both = echo_all(client) && send_numbers(client, 20, 100'000);
        co_await std::move(both);
    };
    server_fixture fixture{with_access(wire::access_mode::identify), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.greeted();
        co_await client.send(wire::identify{"Ann"});
        co_await client.receive_access();
        while (!box) co_await yield();
        for (int i = 0; i < 20; ++i) box->post(std::string(40'000, '.'));
        co_await yield(50);  // all of them wait
        co_await client.send(wire::identify{"Bob"});
        int texts = 0;
        bool is_answered = false;
        while (texts < 40 || !is_answered) {
            auto const reply = co_await client.receive();
            if (!reply) FAIL("the server closed the connection");
            if (std::holds_alternative<wire::text>(*reply)) {
                ++texts;
            } else {
                is_answered = true;
            }
        }
    });
    CHECK(fixture.log.count("defect") == 0);
}

TEST_CASE("a receive that is cancelled while it writes to a slow peer loses nothing")
{
    std::vector<std::string> seen;
    auto const service = [&seen](connection& client) -> task<void> {
        auto const executor = co_await asio::this_coro::executor;
        client.queue(std::string(6'000'000, '.'));
        while (seen.size() < 3) {
            detail::base::steady_timer timer{executor, 1ms};
            auto either = client.receive_text() || timer.async_wait(use_task);
            auto const first = co_await std::move(either);
            if (first.index() == 1) continue;
            if (!std::get<0>(first)) co_return;
            seen.push_back(*std::get<0>(first));
        }
    };
    auto options = open_access();
    options.max_frame = 8'000'000;
    server_fixture fixture{options, service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        for (auto const* body : {"one", "two", "three"}) co_await client.send(text_of(body));
        detail::base::steady_timer pause{fixture.io, 20ms};
        co_await pause.async_wait(use_task);
        co_await client.receive<wire::text>();
        auto const closed = co_await client.receives_closing(code::normal);
        CHECK(closed);
    });
    CHECK(seen == std::vector<std::string>{"one", "two", "three"});
}

TEST_CASE("a flush that is cancelled ends although the peer does not read and its messages arrive")
{
    bool was_cancelled = false;
    auto const service = [&was_cancelled](connection& client) -> task<void> {
        auto const executor = co_await asio::this_coro::executor;
        client.queue(std::string(6'000'000, '.'));
        detail::base::steady_timer timer{executor, 1ms};
        auto either = client.flush() || timer.async_wait(use_task);
        auto const first = co_await std::move(either);
        was_cancelled = first.index() == 1;
        co_await client.closed();
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        while (!was_cancelled) co_await yield();
        auto const text = co_await client.receive<wire::text>();
        CHECK(text.body.size() == 6'000'000);
    });
}

TEST_CASE("a receive that is cancelled does not repeat an account request")
{
    auto const service = [](connection& client) -> task<void> {
        auto const executor = co_await asio::this_coro::executor;
        while (client.name() == "Ann") {
            auto either = client.receive_text() || yield();
            auto const first = co_await std::move(either);
            if (first.index() == 0) co_return;
        }
    };
    server_fixture fixture{{}, service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.registered("Ann");
        co_await client.send(wire::change_password{test_password, "another horse on a staple"});
        auto const reply = co_await client.receive();
        REQUIRE(reply);
        CHECK(std::holds_alternative<wire::done>(*reply));
        co_await client.send(text_of("that is all"));
        auto const closed = co_await client.receives_closing(code::normal);
        CHECK(closed);
    });
}

TEST_CASE("a stop while one coroutine receives and another one waits is no defect")
{
    auto const service = [](connection& client) -> task<void> {
        auto const executor = co_await asio::this_coro::executor;
        detail::base::steady_timer never{executor, 24h};
        auto either = echo_all(client) || never.async_wait(use_task);
        co_await std::move(either);
        never.expires_after(24h);
        co_await never.async_wait(use_task);  // after the first cancellation
    };
    auto options = open_access();
    options.frame_time = 400ms;  // ticks of 50 ms
    server_fixture fixture{options, service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        fixture.server->stop();
        auto const closed = co_await client.receives_closing(code::shutting_down);
        CHECK(closed);
        co_await fixture.wait_for_connections(0);
    });
    CHECK(fixture.log.count("defect") == 0);
}

TEST_CASE("the exception of one side of an operator is the defect when the end of the connection cancels the other one")
{
    auto const service = [](connection& client) -> task<void> {
        auto either = fail_at_once() || wait_forever();
        co_await std::move(either);
        client.queue("unreachable");
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        fixture.server->stop();
        auto const closed = co_await client.receives_closing(code::shutting_down);
        CHECK(closed);
        co_await fixture.wait_for_connections(0);
    });
    REQUIRE(fixture.log.count("defect") == 1);
    CHECK(fixture.log.events("defect")[0].field("what") == "a bug of one side");
}

TEST_CASE("an exception that an operator drops is a defect and no cancellation")
{
    auto const service = [](connection& client) -> task<void> {
        auto both = wait_forever() && fail_at_once();  // Asio keeps the exception of the left side
        co_await std::move(both);
        client.queue("unreachable");
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        auto const closed = co_await client.receives_closing(code::internal);
        CHECK(closed);
    });
    REQUIRE(fixture.log.count("defect") == 1);
    CHECK(fixture.log.events("defect")[0].field("what").find("an operator") != std::string::npos);
}

TEST_CASE("a service that stops its io_context does not keep the server from ending")
{
    bool has_ended = false;
    {
        std::optional<asio::io_context*> io;
        auto const service = [&](connection& client) -> task<void> {
            co_await client.closed();
            (*io)->stop();
            has_ended = true;
        };
        server_fixture fixture{open_access(), service};
        io = &fixture.io;
        fixture.run([&]() -> task<void> {
            auto client = co_await fixture.admitted();
            co_await client.send(wire::closing{});
        });
    }
    CHECK(has_ended);
}
