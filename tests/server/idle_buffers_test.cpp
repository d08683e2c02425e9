// Those who are quiet for some ticks wait without a buffer, and are heard as soon as they speak again.
#include "support/catch.hpp"
#include "support/server_fixture.hpp"
#include "tls/contexts.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;
using std::chrono::milliseconds;

namespace {

/// Ticks are an eighth of the shortest time, so several pass until somebody who does not say hello has to go.
detail::server::options with_fine_ticks()
{
    auto options = open_access();
    options.login_grace = milliseconds{100};
    return options;
}

task<void> let_ticks_pass(server_fixture& fixture)
{
    auto silent = co_await fixture.connected();
    auto const closed = co_await silent.receives_closing(code::timeout);
    CHECK(closed);
}

}  // namespace

TEST_CASE("who was quiet for a while is heard again")
{
    bool const over_tls = GENERATE(false, true);
    server_fixture fixture{with_fine_ticks()};
    detail::server::tls_acceptor tls{tls_mode::automatic, new_key()};
    fixture.context.tls = &tls;
    fixture.run([&]() -> task<void> {
        test_client who{fixture.io};
        if (over_tls) {
            co_await who.connect_tls(fixture.endpoint);
        } else {
            co_await who.connect(fixture.endpoint);
        }
        co_await who.greet();
        co_await who.receive_access();
        for (int i = 0; i < 3; ++i) {
            co_await let_ticks_pass(fixture);
            co_await who.exchange("again");
            co_await who.exchange(std::string(100'000, 'x'));
        }
    });
}

TEST_CASE("half a frame outlives a rest")
{
    server_fixture fixture{with_fine_ticks()};
    fixture.run([&]() -> task<void> {
        auto who = co_await fixture.admitted();
        co_await who.send_raw(std::string("\0\0\0\6\x40he", 7));
        co_await let_ticks_pass(fixture);
        co_await who.send_raw("llo");
        auto const echo = co_await who.receive<wire::text>();
        CHECK(echo.body == "hello");
    });
}

TEST_CASE("who rests is told of the end and is found gone")
{
    server_fixture fixture{with_fine_ticks()};
    fixture.run([&]() -> task<void> {
        auto leaves = co_await fixture.admitted();
        auto stays = co_await fixture.admitted();
        auto other = co_await fixture.admitted();
        co_await let_ticks_pass(fixture);
        leaves.socket().close();
        while (fixture.log.count("connection_closed") < 2) co_await other.exchange("hello");
        fixture.server->stop();
        auto const closed = co_await stays.receives_closing(code::shutting_down);
        CHECK(closed);
    });
}
