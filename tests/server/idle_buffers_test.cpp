// A connection that was idle for some ticks waits without a buffer, and reads as soon as input arrives.
#include "support/catch.hpp"
#include "support/optional_tls_server.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

/// A tick is an eighth of the shortest timeout, so several ticks pass until a silent connection is closed.
detail::server::options with_fine_ticks()
{
    auto options = open_access();
    options.login_grace = std::chrono::seconds{1};  // enough to get access on a busy machine
    return options;
}

task<void> wait_some_ticks(server_fixture& fixture)
{
    auto silent = co_await fixture.connected();
    auto const closed = co_await silent.receives_closing(code::timeout);
    CHECK(closed);
}

}  // namespace

TEST_CASE("input after idle ticks is read")
{
    optional_tls_server server{with_fine_ticks()};
    server.run(GENERATE(false, true), [&](test_client& client) -> task<void> {
        for (int i = 0; i < 2; ++i) {
            co_await wait_some_ticks(server.fixture);
            co_await client.exchange("again");
            co_await client.exchange(std::string(100'000, 'x'));
        }
    });
}

TEST_CASE("an incomplete frame survives idle ticks")
{
    server_fixture fixture{with_fine_ticks()};
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.admitted();
        co_await client.send_raw(std::string("\0\0\0\6\x40he", 7));
        co_await wait_some_ticks(fixture);
        co_await client.send_raw("llo");
        auto const echo = co_await client.receive<wire::text>();
        CHECK(echo.body == "hello");
    });
}

TEST_CASE("an idle connection is sent closing and its end is noticed")
{
    server_fixture fixture{with_fine_ticks()};
    fixture.run([&]() -> task<void> {
        auto closed_client = co_await fixture.admitted();
        auto idle_client = co_await fixture.admitted();
        auto other = co_await fixture.admitted();
        co_await wait_some_ticks(fixture);
        closed_client.socket().close();
        while (fixture.log.count("connection_closed") < 2) co_await other.exchange("hello");
        fixture.server->stop();
        auto const closed = co_await idle_client.receives_closing(code::shutting_down);
        CHECK(closed);
    });
}
