// Those who are slow, with their first bytes, their frames or their reading (promises N5 and N6).
#include "support/catch.hpp"
#include "support/scripted_server.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;
using std::chrono::milliseconds;

namespace {

std::string const dribbled{"\0\0\0\6\x40hello", 10};

}  // namespace

TEST_CASE("a frame that comes byte by byte is served when it is whole in time and nobody else notices")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto slow = co_await fixture.admitted();
        auto other = co_await fixture.admitted();
        for (char const each : dribbled) {
            co_await slow.send_raw(std::string(1, each));
            co_await other.exchange("hello");
        }
        auto echo = co_await slow.receive<wire::text>();
        CHECK(echo.body == "hello");
    });
}

TEST_CASE("a frame that is not whole in time ends the connection however steadily its bytes come")
{
    auto options = open_access();
    options.frame_time = milliseconds{100};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto slow = co_await fixture.admitted();
        auto other = co_await fixture.admitted();
        co_await slow.send_raw(std::string("\0\0\x0f\xff\x40", 5));
        std::size_t sent = 0;
        while (fixture.log.count("connection_closed") == 0 && sent < 4094) {
            co_await slow.send_raw("x");
            ++sent;
            co_await other.exchange("hello");
        }
        auto closed = co_await slow.receives_closing(code::timeout);
        CHECK(closed);
        CHECK(sent < 4094);
        co_await other.exchange("hello");
    });
}

TEST_CASE("a longer frame may take longer")
{
    auto options = open_access();
    options.frame_time = milliseconds{100};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        std::string const body(512 * 1024, 'x');
        auto const large = frame_of(wire::text{body});
        auto with_much = co_await fixture.admitted();
        co_await with_much.send_raw(large.substr(0, 5));
        auto with_little = co_await fixture.admitted();
        co_await with_little.send_raw(dribbled.substr(0, 5));
        auto closed = co_await with_little.receives_closing(code::timeout);
        CHECK(closed);
        co_await with_much.send_raw(large.substr(5));
        auto echo = co_await with_much.receive<wire::text>();
        CHECK(echo.body == body);
    });
}

TEST_CASE("each frame has its own time")
{
    auto options = open_access();
    options.frame_time = milliseconds{1500};
    options.login_grace = milliseconds{300};  // what tells the time here: how long a silent visitor is waited for
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto slow = co_await fixture.admitted();
        for (int i = 0; i < 6; ++i) {
            co_await slow.send_raw(dribbled.substr(0, 7));
            auto silent = co_await fixture.connected();
            auto closed = co_await silent.receives_closing(code::timeout);
            CHECK(closed);
            co_await slow.send_raw(dribbled.substr(7));
            auto echo = co_await slow.receive<wire::text>();
            CHECK(echo.body == "hello");
        }
    });
}

TEST_CASE("half a frame before access is waited for no longer than a frame may take")
{
    detail::server::options options;
    options.frame_time = milliseconds{50};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto slow = co_await fixture.connected();
        co_await slow.send_raw(std::string("\0\0\0", 3));
        auto closed = co_await slow.receives_closing(code::timeout);
        CHECK(closed);
    });
}

TEST_CASE("who takes no output for too long is cut off and nobody else notices")
{
    auto options = open_access();
    options.output_time = milliseconds{100};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto lazy = co_await fixture.admitted();
        auto other = co_await fixture.admitted();
        auto executor = co_await asio::this_coro::executor;
        bool sent_all = false;
        bool over = false;
        auto drown = [&]() -> task<void> {
            std::string flood(60'000, 'x');
            try {
                for (int i = 0; i < 10'000; ++i) co_await lazy.send(wire::text{flood});
                sent_all = true;
            } catch (std::system_error const&) {
                // the server has had enough
            }
        };
        asio::co_spawn(executor, drown(), [&](std::exception_ptr escaped) {
            CHECK(!escaped);
            over = true;
        });
        while (fixture.log.count("connection_closed") == 0) co_await other.exchange("hello");
        CHECK_FALSE(sent_all);
        co_await other.exchange("hello");
        lazy.reset();
        while (!over) co_await yield();
    });
    REQUIRE(fixture.log.count("connection_closed") == 1);
    CHECK(fixture.log.events("connection_closed")[0].field("code") == "slow_consumer");
}

TEST_CASE("faults of ours are no denials to count and still a connection has only so many tries")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto stubborn = co_await fixture.greeted();
        fixture.store.be_unavailable(true);
        auto const login = login_request("Alice");
        for (int i = 0; i < 40; ++i) stubborn.queue(login);
        co_await stubborn.flush();
        int denied = 0;
        std::optional<wire::closing> closing;
        while (!closing) {
            auto reply = co_await stubborn.receive();
            REQUIRE(reply);
            if (auto const* last = std::get_if<wire::closing>(&*reply)) {
                closing = *last;
            } else {
                CHECK(std::get<wire::denied>(*reply).code == static_cast<std::uint16_t>(code::unavailable));
                ++denied;
            }
        }
        CHECK(denied == 32);
        CHECK(closing->code == static_cast<std::uint16_t>(code::too_many_attempts));
    });
}
