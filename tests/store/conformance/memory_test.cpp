#include "porter/testing/memory_store.hpp"
#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::errc;

TEST_CASE("the store in memory can be made unavailable and available")
{
    porter::testing::memory_store store;
    auto const ports = store.ports();
    store.set_unavailable(true);
    auto const denied = run(ports.sessions.open_first(account_of("alice"), session_of({}, 1)));
    REQUIRE_FALSE(denied);
    CHECK(denied.error() == errc::unavailable);
    store.set_unavailable(false);
    auto const found = run(ports.accounts.find("alice"));
    REQUIRE(found);
    CHECK_FALSE(found->has_value());
}

TEST_CASE("an account disabled in memory can be enabled")
{
    porter::testing::memory_store store;
    auto const ports = store.ports();
    auto const alice = store.add(account_of("alice"));
    REQUIRE(alice);
    store.disable(alice->id, at(1));
    CHECK_FALSE(run(ports.sessions.open(session_of(*alice, 1))));
    store.disable(alice->id, std::nullopt);
    CHECK(run(ports.sessions.open(session_of(*alice, 1))));
}
