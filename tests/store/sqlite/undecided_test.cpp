// Promise P2 of SECURITY.md: a crash counts against nobody.
#include "store/sqlite/house.hpp"

using namespace porter::testing;

TEST_CASE("tries that a process left undecided are given back at the next start")
{
    house here;
    auto const ports = here.open();
    auto const alice = here.run(ports.accounts.add(account_of("alice")));
    REQUIRE(alice);
    auto const failed = here.run(ports.tries.begin(try_of(alice->id, "192.0.2.1", 0), few_tries));
    REQUIRE(failed);
    REQUIRE(here.run(ports.tries.fail(failed->counted)));
    REQUIRE(here.run(ports.tries.begin(try_of(alice->id, "192.0.2.1", 1), few_tries)));
    CHECK_FALSE(here.run(ports.tries.begin(try_of(alice->id, "192.0.2.1", 1), few_tries))->verdict.allows());
    here.close();

    auto const again = here.open();
    CHECK((*here.run(again.accounts.find(alice->id)))->failed_since == 1);
    // The failure that was decided still counts: one more is let in and no other.
    CHECK(here.run(again.tries.begin(try_of(alice->id, "192.0.2.1", 1), few_tries))->verdict.allows());
    CHECK_FALSE(here.run(again.tries.begin(try_of(alice->id, "192.0.2.1", 1), few_tries))->verdict.allows());
}
