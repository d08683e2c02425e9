// Messages that are posted to a connection from elsewhere, closing it from its service and from elsewhere, and
// noticing that its client has gone.
#include <thread>

#include "base/awaitable_operators.hpp"
#include "support/catch.hpp"
#include "support/outbox_fixture.hpp"
#include "support/texts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;
using namespace porter::detail::base::awaitable_operators;
namespace wire = detail::protocol;

namespace {

/// Posts until the outbox is full, because its client does not read. Returns the number of messages.
task<int> fill(outbox box)
{
    auto const line = std::make_shared<std::string const>(10'000, '.');
    int queued = 0;
    while (queued < 10'000 && box.post(line) == post_result::queued) {
        ++queued;
        co_await yield(3);
    }
    CHECK(box.post(line) == post_result::full);
    co_return queued;
}

task<void> receive_texts(test_client& client, int count)
{
    for (int i = 0; i < count; ++i) co_await client.receive<wire::text>();
}

}  // namespace

TEST_CASE("a posted message is sent while the service only receives")
{
    outbox_fixture fixture;
    fixture.run([&](test_client& client, outbox const& box) -> task<void> {
        CHECK(box.post("one") == post_result::queued);
        co_await expect_text(client, "one");
        CHECK(box.post(std::string{"two"}) == post_result::queued);
        CHECK(box.post_data("three") == post_result::queued);
        co_await expect_text(client, "two");
        auto const data = co_await client.receive<wire::data>();
        CHECK(detail::base::as_text(data.body) == "three");
    });
}

TEST_CASE("a posted message is sent while the service awaits something else")
{
    outbox_hub hub;
    auto const service = [&](connection& client) -> task<void> {
        hub.add(client.outbox());
        co_await client.closed();
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        auto const boxes = co_await hub.wait_for(1);
        CHECK(boxes[0].post("hello") == post_result::queued);
        co_await expect_text(client, "hello");
    });
}

TEST_CASE("one shared text is posted to many clients of two threads")
{
    constexpr std::size_t clients = 20;
    constexpr int rounds = 50;
    outbox_hub hub;
    server_fixture fixture{open_access(), hub.handler(), 2};
    fixture.run([&]() -> task<void> {
        std::vector<test_client> members;
        for (std::size_t i = 0; i < clients; ++i) {
            auto member = co_await fixture.admitted();
            members.push_back(std::move(member));
        }
        auto const boxes = co_await hub.wait_for(clients);
        std::jthread const posting{[&] {
            for (int i = 0; i < rounds; ++i) {
                auto const shared = std::make_shared<std::string const>("round " + std::to_string(i));
                for (auto const& box : boxes) box.post(shared);
            }
        }};
        for (int i = 0; i < rounds; ++i) {
            for (auto& member : members) co_await expect_text(member, "round " + std::to_string(i));
        }
    });
}

TEST_CASE("an outbox is full while its client does not read and goes on afterwards")
{
    outbox_fixture fixture{100'000};
    fixture.run([&](test_client& client, outbox const& box) -> task<void> {
        auto const line = std::make_shared<std::string const>(10'000, '.');
        int queued = 0;
        for (int tries = 0; tries < 10'000; ++tries) {
            if (box.post(line) == post_result::full) break;
            ++queued;
            co_await yield(3);
        }
        CHECK(queued < 10'000);
        CHECK(box.post(line) == post_result::full);
        for (int i = 0; i < queued; ++i) {
            auto const text = co_await client.receive<wire::text>();
            if (text.body.size() != line->size()) FAIL("a message was changed");
        }
        CHECK(box.post("the last") == post_result::queued);
        co_await expect_text(client, "the last");
    });
}

TEST_CASE("a coroutine waits until an outbox has drained")
{
    outbox_fixture fixture{100'000};
    fixture.run([&](test_client& client, outbox const& box) -> task<void> {
        auto const is_empty = co_await box.drained();
        CHECK(is_empty);
        auto const queued = co_await fill(box);
        auto either = box.drained() || yield(50);
        auto const first = co_await std::move(either);
        CHECK(first.index() == 1);  // cancelled
        auto both = box.drained() && receive_texts(client, queued);
        auto const is_open = co_await std::move(both);
        CHECK(is_open);
        CHECK(box.post("the last") == post_result::queued);
        co_await expect_text(client, "the last");
    });
}

TEST_CASE("a wait for an outbox ends with its connection")
{
    outbox_fixture fixture{100'000};
    fixture.run([&](test_client& client, outbox const& box) -> task<void> {
        co_await fill(box);
        auto const drop = [](test_client& dropped) -> task<void> {
            co_await yield(10);
            dropped.reset();
        };
        auto both = box.drained() && drop(client);
        auto const is_open = co_await std::move(both);
        CHECK_FALSE(is_open);
        auto const is_open_later = co_await box.drained();
        CHECK_FALSE(is_open_later);
    });
}

TEST_CASE("a producer on another thread goes at the pace of its client")
{
    constexpr int count = 200;
    outbox_fixture fixture{100'000, 2};
    fixture.run([&](test_client& client, outbox const& box) -> task<void> {
        auto const produce = [](outbox to) -> task<void> {
            auto const line = std::make_shared<std::string const>(20'000, '.');
            for (int i = 0; i < count; ++i) {
                while (to.post(line) == post_result::full) co_await to.drained();
            }
        };
        std::jthread const producer{[&] {
            asio::io_context io;
            run(io, produce(box));
        }};
        co_await receive_texts(client, count);
    });
}

TEST_CASE("an io_context is destroyed while its coroutine waits for an outbox")
{
    outbox_fixture fixture{100'000};
    fixture.run([&](test_client& client, outbox const& box) -> task<void> {
        auto const queued = co_await fill(box);
        bool has_ended = false;
        {
            asio::io_context other;
            asio::co_spawn(other, box.drained(), [&](std::exception_ptr, bool) { has_ended = true; });
            other.poll();
        }
        co_await receive_texts(client, queued);
        CHECK_FALSE(has_ended);
    });
}

TEST_CASE("an empty outbox takes a message of any size")
{
    outbox_fixture fixture{10'000};
    fixture.run([&](test_client& client, outbox const& box) -> task<void> {
        std::string const large(100'000, '.');
        CHECK(box.post(large) == post_result::queued);
        CHECK(box.post("x") == post_result::full);
        co_await expect_text(client, large);
    });
}

TEST_CASE("a slow reader of an outbox still has its pings answered")
{
    outbox_fixture fixture{20'000'000};
    fixture.run([&](test_client& client, outbox const& box) -> task<void> {
        auto const line = std::make_shared<std::string const>(100'000, '.');
        for (int i = 0; i < 100; ++i) box.post(line);
        wire::ping ping;
        ping.body = detail::base::as_bytes("p");
        for (int i = 0; i < 10; ++i) co_await client.send(ping);
        int pongs = 0;
        int lines = 0;
        while (pongs < 10 || lines < 100) {
            auto const reply = co_await client.receive();
            if (!reply) FAIL("the server closed the connection");
            if (std::holds_alternative<wire::pong>(*reply)) ++pongs;
            if (std::holds_alternative<wire::text>(*reply)) ++lines;
        }
    });
}

TEST_CASE("echoes and posted messages arrive whole and in order")
{
    outbox_hub hub;
    auto const service = [&](connection& client) -> task<void> {
        hub.add(client.outbox());
        while (auto messages = co_await client.receive_some()) {
            for (auto const& each : *messages) client.queue(each);
        }
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        auto const boxes = co_await hub.wait_for(1);
        constexpr int count = 300;
        std::string const padding(5'000, '.');
        for (int i = 0; i < count; ++i) client.queue(text_of("echo " + std::to_string(i) + padding));
        std::jthread const posting{[&] {
            for (int i = 0; i < count;) {
                if (boxes[0].post("post " + std::to_string(i) + padding) == post_result::queued) ++i;
            }
        }};
        auto sending = client.flush();
        int echoes = 0;
        int posts = 0;
        auto const receiving = [&]() -> task<void> {
            while (echoes < count || posts < count) {
                auto const text = co_await client.receive<wire::text>();
                bool const is_echo = text.body.starts_with("echo");
                auto const expected = (is_echo ? "echo " : "post ") + std::to_string(is_echo ? echoes++ : posts++);
                if (text.body != expected + padding) FAIL("expected " << expected << ": " << text.body.substr(0, 20));
            }
        };
        auto both = std::move(sending) && receiving();
        co_await std::move(both);
    });
}

TEST_CASE("an outbox outlives its connection and its server")
{
    outbox_hub hub;
    {
        server_fixture fixture{open_access(), hub.handler()};
        fixture.run([&]() -> task<void> {
            auto client = co_await fixture.admitted();
            auto const boxes = co_await hub.wait_for(1);
            co_await client.send(wire::closing{});
            co_await fixture.wait_for_connections(0);
            while (boxes[0].post("too late") != post_result::gone) co_await yield();
        });
    }
    CHECK(hub.boxes()[0].post("too late") == post_result::gone);
    hub.boxes()[0].close(code::normal);
}

TEST_CASE("what a lost connection did not send is freed although its outbox lives")
{
    outbox_fixture fixture{100'000};
    fixture.run([&](test_client& client, outbox const& box) -> task<void> {
        auto line = std::make_shared<std::string const>(10'000, '.');
        std::weak_ptr<std::string const> const posted = line;
        while (box.post(line) == post_result::queued) co_await yield(3);
        line.reset();
        CHECK_FALSE(posted.expired());
        client.reset();
        co_await fixture.server.wait_for_connections(0);
        CHECK(posted.expired());
        CHECK(box.post("too late") == post_result::gone);
    });
}

TEST_CASE("closing by an outbox sends what was posted before and then the reason")
{
    outbox_fixture fixture;
    fixture.run([&](test_client& client, outbox const& box) -> task<void> {
        box.post("goodbye");
        box.close(code::unavailable, "the lobby is closed");
        CHECK(box.post("too late") == post_result::gone);
        co_await expect_text(client, "goodbye");
        auto const closing = co_await client.receive<wire::closing>();
        CHECK(closing.code == static_cast<std::uint16_t>(code::unavailable));
        CHECK(closing.reason == "the lobby is closed");
    });
    CHECK(fixture.server.log.count("defect") == 0);
}

TEST_CASE("a service closes its connection with a code and a reason")
{
    auto const service = [](connection& client) -> task<void> {
        client.queue("first this");
        client.close(code::unavailable, "the upstream server refused");
        client.queue("never sent");
        CHECK(client.outbox().post("never sent") == post_result::gone);
        auto const more = co_await client.receive();
        CHECK_FALSE(more);
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        co_await expect_text(client, "first this");
        auto const closing = co_await client.receive<wire::closing>();
        CHECK(closing.code == static_cast<std::uint16_t>(code::unavailable));
        CHECK(closing.reason == "the upstream server refused");
    });
    CHECK(fixture.log.count("defect") == 0);
}

TEST_CASE("closing cancels what another coroutine of the service awaits")
{
    auto const service = [](connection& client) -> task<void> {
        auto const close_later = [](connection& closed) -> task<void> {
            auto const text = co_await closed.receive_text();
            closed.close(code::normal, *text);
        };
        auto const executor = co_await asio::this_coro::executor;
        detail::base::steady_timer never{executor, 24h};
        auto both = close_later(client) && never.async_wait(use_task);
        co_await std::move(both);
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        co_await client.send(text_of("enough"));
        auto const closing = co_await client.receive<wire::closing>();
        CHECK(closing.reason == "enough");
        co_await fixture.wait_for_connections(0);
    });
}

TEST_CASE("a service that awaits something else notices that its client has gone")
{
    std::vector<std::string> seen;
    auto const service = [&seen](connection& client) -> task<void> {
        auto const executor = co_await asio::this_coro::executor;
        detail::base::steady_timer never{executor, 24h};
        auto either = never.async_wait(use_task) || client.closed();
        auto const first = co_await std::move(either);
        seen.push_back(first.index() == 1 ? "gone" : "expired");
        auto const unread = co_await client.receive_text();
        seen.push_back(unread.value_or("nothing"));
    };
    auto options = open_access();
    options.frame_time = 400ms;  // ticks of 50 ms
    server_fixture fixture{options, service};
    fixture.run([&]() -> task<void> {
        {
            auto client = co_await fixture.admitted();
            co_await client.send(text_of("the last words"));
        }
        co_await fixture.wait_for_connections(0);
    });
    CHECK(seen == std::vector<std::string>{"gone", "the last words"});
}

TEST_CASE("a stop ends the wait for the client's end")
{
    bool has_ended = false;
    auto const service = [&has_ended](connection& client) -> task<void> {
        co_await client.closed();
        has_ended = true;
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        fixture.server->stop();
        auto const closed = co_await client.receives_closing(code::shutting_down);
        CHECK(closed);
        co_await fixture.wait_for_connections(0);
    });
    CHECK(has_ended);
}

TEST_CASE("a service writes to the server's log about its connection")
{
    std::uint64_t number = 0;
    auto const service = [&number](connection& client) -> task<void> {
        number = client.id();
        client.log().info("game_started", {{"players", 2}});
        co_await client.closed();
    };
    server_fixture fixture{open_access(), service};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        while (fixture.log.count("game_started") == 0) co_await yield();
    });
    CHECK(number == 1);
    CHECK(fixture.log.events("game_started").at(0).field("connection") == "1");
}
