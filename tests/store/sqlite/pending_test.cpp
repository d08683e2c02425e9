// Promise P2 of SECURITY.md: attempts that a crash interrupts do not count.
#include "store/sqlite/database_fixture.hpp"

using namespace porter::testing;

TEST_CASE("rolling back pending attempts at a start restores the failures before them")
{
    database_fixture fixture;
    auto const ports = fixture.open();
    auto const alice = fixture.add(account_of("alice"));
    for (auto const* from : {"198.51.100.1", "198.51.100.2"}) {
        auto const failed = fixture.run(ports.attempts.begin(attempt_at(alice.id, from, 0), few_attempts));
        REQUIRE(failed);
        REQUIRE(fixture.run(ports.attempts.fail(failed->counted)));
    }
    REQUIRE(
        fixture.run(ports.attempts.begin(attempt_at(alice.id, "198.51.100.3", 1), few_attempts))->decision.allows());
    REQUIRE(
        fixture.run(ports.attempts.begin(attempt_at(alice.id, "198.51.100.4", 4), few_attempts))->decision.allows());
    fixture.close();

    auto const again = fixture.open();
    CHECK(fixture.run(again.accounts.find_claimed(alice.id))->account->failed_since == 2);
    CHECK(fixture.administrator().run("SELECT last_failed_at FROM accounts") ==
          std::to_string(at(0).time_since_epoch().count()));
    // The pause is that of the second failure, one second.
    CHECK_FALSE(
        fixture.run(again.attempts.begin(attempt_at(alice.id, "198.51.100.5", 0), few_attempts))->decision.allows());
    CHECK(fixture.run(again.attempts.begin(attempt_at(alice.id, "198.51.100.5", 1), few_attempts))->decision.allows());
}

TEST_CASE("a pending attempt from a known network is rolled back at a start")
{
    database_fixture fixture;
    auto const ports = fixture.open();
    auto const alice = fixture.add(account_of("alice"));
    auto const known_network = session_of(alice, 1);
    REQUIRE(fixture.run(ports.sessions.open(known_network)));
    REQUIRE(fixture.run(ports.attempts.begin(attempt_at(alice.id, known_network.network, 0), few_attempts))
                ->decision.allows());
    fixture.close();

    auto const again = fixture.open();
    for (int i = 0; i < 2; ++i) {
        CHECK(fixture.run(again.attempts.begin(attempt_at(alice.id, known_network.network, 0), few_attempts))
                  ->decision.allows());
    }
}

TEST_CASE("pending attempts are rolled back at a start")
{
    database_fixture fixture;
    auto const ports = fixture.open();
    auto const alice = fixture.add(account_of("alice"));
    auto const failed = fixture.run(ports.attempts.begin(attempt_at(alice.id, "192.0.2.1", 0), few_attempts));
    REQUIRE(failed);
    REQUIRE(fixture.run(ports.attempts.fail(failed->counted)));
    REQUIRE(fixture.run(ports.attempts.begin(attempt_at(alice.id, "192.0.2.1", 1), few_attempts)));
    CHECK_FALSE(
        fixture.run(ports.attempts.begin(attempt_at(alice.id, "192.0.2.1", 1), few_attempts))->decision.allows());
    fixture.close();

    auto const again = fixture.open();
    CHECK(fixture.run(again.accounts.find_claimed(alice.id))->account->failed_since == 1);
    // The failed attempt still counts: one more is allowed.
    CHECK(fixture.run(again.attempts.begin(attempt_at(alice.id, "192.0.2.1", 1), few_attempts))->decision.allows());
    CHECK_FALSE(
        fixture.run(again.attempts.begin(attempt_at(alice.id, "192.0.2.1", 1), few_attempts))->decision.allows());
}
