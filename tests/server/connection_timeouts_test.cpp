// Peers that send or read slowly (promises N5 and N6).
#include "support/catch.hpp"
#include "support/scripted_server.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;
using std::chrono::milliseconds;

namespace {

std::string const hello_frame{"\0\0\0\6\x40hello", 10};

}  // namespace

TEST_CASE("a frame that arrives byte by byte in time is processed without affecting others")
{
    server_fixture fixture{open_access()};
    fixture.run([&]() -> task<void> {
        auto slow = co_await fixture.admitted();
        auto other = co_await fixture.admitted();
        for (char const each : hello_frame) {
            co_await slow.send_raw(std::string(1, each));
            co_await other.exchange("hello");
        }
        auto echo = co_await slow.receive<wire::text>();
        CHECK(echo.body == "hello");
    });
}

TEST_CASE("a frame that is incomplete after its time ends the connection however steadily it arrives")
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

TEST_CASE("a longer frame has more time")
{
    auto options = open_access();
    options.frame_time = milliseconds{100};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        std::string const body(512 * 1024, 'x');
        auto const large = frame_of(wire::text{body});
        auto large_sender = co_await fixture.admitted();
        co_await large_sender.send_raw(large.substr(0, 5));
        auto small_sender = co_await fixture.admitted();
        co_await small_sender.send_raw(hello_frame.substr(0, 5));
        auto closed = co_await small_sender.receives_closing(code::timeout);
        CHECK(closed);
        co_await large_sender.send_raw(large.substr(5));
        auto echo = co_await large_sender.receive<wire::text>();
        CHECK(echo.body == body);
    });
}

TEST_CASE("each frame has its own time")
{
    auto options = open_access();
    options.frame_time = milliseconds{1500};
    options.login_grace = milliseconds{300};  // serves as a clock: a silent connection is closed after it
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto slow = co_await fixture.admitted();
        for (int i = 0; i < 6; ++i) {
            co_await slow.send_raw(hello_frame.substr(0, 7));
            auto silent = co_await fixture.connected();
            auto closed = co_await silent.receives_closing(code::timeout);
            CHECK(closed);
            co_await slow.send_raw(hello_frame.substr(7));
            auto echo = co_await slow.receive<wire::text>();
            CHECK(echo.body == "hello");
        }
    });
}

TEST_CASE("an incomplete frame before access has the time of a frame only")
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

TEST_CASE("a client that reads nothing for too long is closed without affecting others")
{
    auto options = open_access();
    options.output_time = milliseconds{100};
    server_fixture fixture{options};
    fixture.run([&]() -> task<void> {
        auto slow = co_await fixture.admitted();
        auto other = co_await fixture.admitted();
        auto executor = co_await asio::this_coro::executor;
        bool sent_all = false;
        bool ended = false;
        auto flood = [&]() -> task<void> {
            std::string body(60'000, 'x');
            try {
                for (int i = 0; i < 10'000; ++i) co_await slow.send(wire::text{body});
                sent_all = true;
            } catch (std::system_error const&) {
                // the server has closed the connection
            }
        };
        asio::co_spawn(executor, flood(), [&](std::exception_ptr escaped) {
            CHECK(!escaped);
            ended = true;
        });
        while (fixture.log.count("connection_closed") == 0) co_await other.exchange("hello");
        CHECK_FALSE(sent_all);
        co_await other.exchange("hello");
        slow.reset();
        while (!ended) co_await yield();
    });
    REQUIRE(fixture.log.count("connection_closed") == 1);
    CHECK(fixture.log.events("connection_closed")[0].field("code") == "slow_consumer");
}

TEST_CASE("before access unavailable does not count as a denial but all requests are limited")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.greeted();
        fixture.store.set_unavailable(true);
        auto const login = login_request("Alice");
        for (int i = 0; i < 40; ++i) client.queue(login);
        co_await client.flush();
        int denied = 0;
        std::optional<wire::closing> closing;
        while (!closing) {
            auto reply = co_await client.receive();
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
