// How often one connection may be denied something.
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

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
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto const denials = co_await is_denied(alice, 40);
        CHECK(denials == 32);
    });
    CHECK(fixture.log.events("connection_closed")[0].field("code") == "too_many_attempts");
}

TEST_CASE("fewer denials after access end nothing")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto const denials = co_await is_denied(alice, 31);
        CHECK(denials == 31);
    });
}

TEST_CASE("faults of ours after access are no denials to count")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        fixture.store.be_unavailable(true);
        auto const denials = co_await is_denied(alice, 60);
        CHECK(denials == 60);
    });
}
