// Promise P2 of SECURITY.md: a crash counts against nobody.
#include "store/sqlite/database_fixture.hpp"

using namespace porter::testing;

TEST_CASE("what is given back at the next start leaves an account as its decided failures left it")
{
    database_fixture here;
    auto const ports = here.open();
    auto const alice = here.add(account_of("alice"));
    for (auto const* from : {"198.51.100.1", "198.51.100.2"}) {
        auto const failed = here.run(ports.attempts.begin(try_of(alice.id, from, 0), few_tries));
        REQUIRE(failed);
        REQUIRE(here.run(ports.attempts.fail(failed->counted)));
    }
    REQUIRE(here.run(ports.attempts.begin(try_of(alice.id, "198.51.100.3", 1), few_tries))->decision.allows());
    REQUIRE(here.run(ports.attempts.begin(try_of(alice.id, "198.51.100.4", 4), few_tries))->decision.allows());
    here.close();

    auto const again = here.open();
    CHECK(here.run(again.accounts.find_claimed(alice.id))->account->failed_since == 2);
    CHECK(here.administrator().run("SELECT last_failed_at FROM accounts") ==
          std::to_string(at(0).time_since_epoch().count()));
    // The pause is that of the second failure, a second, and nobody else's.
    CHECK_FALSE(here.run(again.attempts.begin(try_of(alice.id, "198.51.100.5", 0), few_tries))->decision.allows());
    CHECK(here.run(again.attempts.begin(try_of(alice.id, "198.51.100.5", 1), few_tries))->decision.allows());
}

TEST_CASE("what is given back at the next start was counted where the account is known")
{
    database_fixture here;
    auto const ports = here.open();
    auto const alice = here.add(account_of("alice"));
    auto const home = session_of(alice, 1);
    REQUIRE(here.run(ports.sessions.open(home)));
    REQUIRE(here.run(ports.attempts.begin(try_of(alice.id, home.network, 0), few_tries))->decision.allows());
    here.close();

    auto const again = here.open();
    for (int i = 0; i < 2; ++i) {
        CHECK(here.run(again.attempts.begin(try_of(alice.id, home.network, 0), few_tries))->decision.allows());
    }
}

TEST_CASE("tries that a process left undecided are given back at the next start")
{
    database_fixture here;
    auto const ports = here.open();
    auto const alice = here.add(account_of("alice"));
    auto const failed = here.run(ports.attempts.begin(try_of(alice.id, "192.0.2.1", 0), few_tries));
    REQUIRE(failed);
    REQUIRE(here.run(ports.attempts.fail(failed->counted)));
    REQUIRE(here.run(ports.attempts.begin(try_of(alice.id, "192.0.2.1", 1), few_tries)));
    CHECK_FALSE(here.run(ports.attempts.begin(try_of(alice.id, "192.0.2.1", 1), few_tries))->decision.allows());
    here.close();

    auto const again = here.open();
    CHECK(here.run(again.accounts.find_claimed(alice.id))->account->failed_since == 1);
    // The failure that was decided still counts: one more is let in and no other.
    CHECK(here.run(again.attempts.begin(try_of(alice.id, "192.0.2.1", 1), few_tries))->decision.allows());
    CHECK_FALSE(here.run(again.attempts.begin(try_of(alice.id, "192.0.2.1", 1), few_tries))->decision.allows());
}
