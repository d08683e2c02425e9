// The limits of denials on one connection.
#include "support/catch.hpp"
#include "support/server_fixture.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;

namespace {

/// Revokes sessions that do not exist this many times, and counts the denials until the connection ends.
task<int> count_denials(test_client& client, int times)
{
    for (int i = 0; i < times; ++i) client.queue(wire::revoke_session{999});
    client.queue(wire::closing{});
    co_await client.flush();
    int denials = 0;
    for (;;) {
        auto const reply = co_await client.receive();
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

TEST_CASE("after access the thirty-second denial ends the connection")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto const denials = co_await count_denials(alice, 40);
        CHECK(denials == 32);
    });
    CHECK(fixture.log.events("connection_closed")[0].field("code") == "too_many_attempts");
}

TEST_CASE("fewer denials after access do not end the connection")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        auto const denials = co_await count_denials(alice, 31);
        CHECK(denials == 31);
    });
}

TEST_CASE("after access unavailable does not count as a denial")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto alice = co_await fixture.registered("Alice");
        fixture.store.set_unavailable(true);
        auto const denials = co_await count_denials(alice, 60);
        CHECK(denials == 60);
    });
}
