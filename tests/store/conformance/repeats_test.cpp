// An operation whose answer was lost is repeated with the same arguments: it is done once.
#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::counted_attempt;
using porter::detail::store::decision;
using rule = decision::rule;

namespace {

void check_same(counted_attempt const& one, counted_attempt const& other)
{
    CHECK(one.id == other.id);
    CHECK(one.account == other.account);
    CHECK(one.unknown_name == other.unknown_name);
    CHECK(one.network == other.network);
    CHECK(one.is_known_network == other.is_known_network);
    CHECK(one.registration == other.registration);
    CHECK(one.at == other.at);
    CHECK(one.last_before == other.last_before);
    CHECK(one.last_failed_at_before == other.last_failed_at_before);
}

}  // namespace

TEST_CASE("a repeated begin answers as before and counts once")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.fail(alice.id, "198.51.100.1", 0);
    auto const attempt = attempt_at(alice.id, "198.51.100.2", 1);
    auto const first = fixture.begin(attempt);
    CHECK(first.counted.id == attempt.id);
    for (int i = 0; i < 5; ++i) {
        auto const again = fixture.begin(attempt);
        CHECK(again.decision.allows());
        check_same(again.counted, first.counted);
    }
    CHECK(fixture.account(alice.id).failed_since == 2);
    fixture.rollback(first.counted);
    CHECK(fixture.account(alice.id).failed_since == 1);
    CHECK(fixture.begin(alice.id, "198.51.100.2", 1).decision.allows());
}

TEST_CASE("a repeated begin and rollback at an unknown name count once")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    fixture.fail(attempt_at(name_digest(1), "198.51.100.1", 0));
    auto const attempt = attempt_at(name_digest(1), "198.51.100.2", 1);
    auto const first = fixture.begin(attempt);
    REQUIRE(first.decision.allows());
    for (int i = 0; i < 5; ++i) check_same(fixture.begin(attempt).counted, first.counted);
    for (int i = 0; i < 3; ++i) fixture.rollback(first.counted);
    CHECK(fixture.begin(attempt_at(name_digest(1), "198.51.100.3", 1)).decision.allows());
    CHECK_FALSE(fixture.begin(attempt_at(name_digest(1), "198.51.100.4", 1)).decision.allows());
}

TEST_CASE("a repeated begin of a registration counts once")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto attempt = attempt_at(std::nullopt, "192.0.2.1", 0);
    attempt.max_registrations = 2;
    auto const first = fixture.begin(attempt);
    check_same(fixture.begin(attempt).counted, first.counted);
    attempt.id = new_attempt_id();
    CHECK(fixture.begin(attempt).decision.allows());
    attempt.id = new_attempt_id();
    CHECK(fixture.begin(attempt).decision.by == rule::pending);
}

TEST_CASE("a begin that is repeated after a denial is decided anew")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.fail(alice.id, "198.51.100.1", 0);
    fixture.fail(alice.id, "198.51.100.2", 0);
    auto attempt = attempt_at(alice.id, "198.51.100.3", 0);
    CHECK(fixture.begin(attempt).decision.by == rule::account_paused);
    CHECK(fixture.begin(attempt).decision.by == rule::account_paused);
    attempt.at = at(1);
    CHECK(fixture.begin(attempt).decision.allows());
}

TEST_CASE("a repeated failure does no harm")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const failed = fixture.fail(alice.id, "198.51.100.1", 0).counted;
    CHECK(fixture.run(fixture.attempts().fail(failed)));
    CHECK(fixture.account(alice.id).failed_since == 1);
    CHECK(fixture.begin(alice.id, "198.51.100.2", 0).decision.allows());
    CHECK_FALSE(fixture.begin(alice.id, "198.51.100.3", 0).decision.allows());
}

TEST_CASE("a repeated rollback does no harm")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.fail(alice.id, "198.51.100.1", 0);
    auto const pending = fixture.begin(alice.id, "198.51.100.2", 0).counted;
    for (int i = 0; i < 3; ++i) fixture.rollback(pending);
    CHECK(fixture.account(alice.id).failed_since == 1);
    CHECK(fixture.begin(alice.id, "198.51.100.2", 0).decision.allows());
    CHECK_FALSE(fixture.begin(alice.id, "198.51.100.3", 0).decision.allows());
}

TEST_CASE("a rollback after a failure or a success has no effect")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const failed = fixture.fail(alice.id, "198.51.100.1", 0).counted;
    fixture.rollback(failed);
    CHECK(fixture.account(alice.id).failed_since == 1);
    auto login = session_of(alice, 1);
    login.attempt = fixture.begin(alice.id, "198.51.100.2", 0).counted;
    fixture.open(login);
    fixture.fail(alice.id, "198.51.100.3", 0);
    fixture.rollback(login.attempt);
    CHECK(fixture.account(alice.id).failed_since == 1);
}
