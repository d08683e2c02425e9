// How often one connection may be denied something.
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

/// Registers Alice.
task<void> enters(test_client& someone, server_fixture& fixture)
{
    co_await someone.connect(fixture.endpoint);
    co_await someone.greet();
    wire::register_account asked;
    asked.name = "Alice";
    asked.password = "a horse on a staple";
    co_await someone.send(asked);
    co_await someone.receive<wire::granted>();
}

/// Asks for so many sessions that are not there, and counts the denials up to the end.
task<int> is_denied(test_client& someone, int times)
{
    for (int i = 0; i < times; ++i) someone.queue(wire::revoke_session{999});
    someone.queue(wire::closing{});
    co_await someone.flush();
    int denials = 0;
    for (;;) {
        auto const reply = co_await someone.receive();
        if (!reply) co_return denials;
        if (auto const* closing = std::get_if<wire::closing>(&*reply)) {
            CHECK(closing->code == static_cast<std::uint16_t>(code::too_many_attempts));
        } else {
            CHECK(std::holds_alternative<wire::denied>(*reply));
            ++denials;
        }
    }
}

}  // namespace

TEST_CASE("after access the denial with the number thirty-two is the last")
{
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        test_client alice{fixture.io};
        co_await enters(alice, fixture);
        auto const denials = co_await is_denied(alice, 40);
        CHECK(denials == 32);
    };
    fixture.run(scene());
    CHECK(fixture.log.events("connection_closed")[0].field("code") == "too_many_attempts");
}

TEST_CASE("fewer denials after access end nothing")
{
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        test_client alice{fixture.io};
        co_await enters(alice, fixture);
        auto const denials = co_await is_denied(alice, 31);
        CHECK(denials == 31);
    };
    fixture.run(scene());
}

TEST_CASE("faults of ours after access are no denials to count")
{
    server_fixture fixture;
    auto scene = [&]() -> task<void> {
        test_client alice{fixture.io};
        co_await enters(alice, fixture);
        fixture.store.be_unavailable(true);
        auto const denials = co_await is_denied(alice, 60);
        CHECK(denials == 60);
    };
    fixture.run(scene());
}
