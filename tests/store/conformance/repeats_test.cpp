// An operation whose answer was lost is repeated with the same arguments: it is done once.
#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::account_id;
using porter::detail::store::counted_attempt;
using porter::detail::store::decision;
using porter::detail::store::errc;
using porter::detail::store::opened_session;
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

void check_same(opened_session const& one, opened_session const& other)
{
    CHECK(one.id == other.id);
    CHECK(one.account == other.account);
    CHECK(one.before.last_login_at == other.before.last_login_at);
    CHECK(one.before.last_address == other.before.last_address);
    CHECK(one.before.failed_since == other.before.failed_since);
}

std::size_t count_sessions(store_fixture& fixture, account_id account)
{
    auto const listed = fixture.run(fixture.sessions().list(account, at(0), at(-1)));
    REQUIRE(listed);
    return listed->size();
}

/// The account has one failure: one more is allowed, and then the account is paused.
void check_one_failure(store_fixture& fixture, account_id account)
{
    CHECK(fixture.account(account).failed_since == 1);
    CHECK(fixture.begin(account, "198.51.100.2", 0).decision.allows());
    CHECK_FALSE(fixture.begin(account, "198.51.100.3", 0).decision.allows());
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
    check_one_failure(fixture, alice.id);
}

TEST_CASE("a repeated rollback does no harm")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.fail(alice.id, "198.51.100.1", 0);
    auto const pending = fixture.begin(alice.id, "198.51.100.2", 0).counted;
    for (int i = 0; i < 3; ++i) fixture.rollback(pending);
    check_one_failure(fixture, alice.id);
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

TEST_CASE("a repeated opening of a session answers as before and opens none")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.open(session_of(alice, 1, 10));
    fixture.fail(alice.id, "198.51.100.1", 15);
    auto login = session_of(alice, 2, 20);
    login.attempt = fixture.begin(alice.id, "198.51.100.2", 20).counted;
    login.max_sessions = 2;
    auto const first = fixture.run(fixture.sessions().open(login));
    REQUIRE(first);
    CHECK(first->before.last_login_at == at(10));
    CHECK(first->before.last_address == "192.0.2.1");
    CHECK(first->before.failed_since == 1);

    fixture.fail(alice.id, "198.51.100.3", 21);
    for (int i = 0; i < 3; ++i) {
        auto const again = fixture.run(fixture.sessions().open(login));
        REQUIRE(again);
        check_same(*again, *first);
    }
    CHECK(count_sessions(fixture, alice.id) == 2);
    CHECK(fixture.account(alice.id).failed_since == 1);
}

TEST_CASE("an opening of a session that is repeated after the password was changed opens none")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const login = session_of(alice, 1);
    fixture.open(login);
    CHECK(fixture.run(fixture.accounts().change_password(change_of(alice, "new"))));
    auto const again = fixture.run(fixture.sessions().open(login));
    REQUIRE_FALSE(again);
    CHECK(again.error() == errc::credential_changed);
    CHECK_FALSE(fixture.is_open(1));
}

TEST_CASE("a repeated registration answers as before and adds nothing")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto first_session = session_of({}, 1, 5);
    first_session.attempt = fixture.begin(std::nullopt, "192.0.2.1", 5).counted;
    auto const first = fixture.run(fixture.sessions().open_first(account_of("alice"), first_session));
    REQUIRE(first);
    auto const alice = fixture.account(first->account);
    fixture.open(session_of(alice, 2, 6));
    for (int i = 0; i < 3; ++i) {
        auto const again = fixture.run(fixture.sessions().open_first(account_of("alice"), first_session));
        REQUIRE(again);
        check_same(*again, *first);
    }
    CHECK(count_sessions(fixture, alice.id) == 2);
    CHECK(fixture.add("bob").id > alice.id);
}

TEST_CASE("a registration with another password or another token is not a repeated one")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    CHECK(fixture.run(fixture.sessions().open_first(account_of("alice"), session_of({}, 1))));
    auto other = account_of("alice");
    other.password_hash = "another hash";
    auto const password = fixture.run(fixture.sessions().open_first(other, session_of({}, 1)));
    REQUIRE_FALSE(password);
    CHECK(password.error() == errc::name_taken);
    auto const token = fixture.run(fixture.sessions().open_first(account_of("alice"), session_of({}, 2)));
    REQUIRE_FALSE(token);
    CHECK(token.error() == errc::name_taken);
    CHECK_FALSE(fixture.is_open(2));
}

TEST_CASE("a repeated password change is done and ends no further session")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const kept = fixture.open(session_of(alice, 1));
    auto const change = change_of(alice, "new", kept);
    CHECK(fixture.run(fixture.accounts().change_password(change)));
    fixture.open(session_of(fixture.account(alice.id), 2));
    fixture.fail(alice.id, "198.51.100.1", 0);
    for (int i = 0; i < 3; ++i) CHECK(fixture.run(fixture.accounts().change_password(change)));
    CHECK(fixture.account(alice.id).credential_version == alice.credential_version + 1);
    CHECK(fixture.account(alice.id).failed_since == 1);
    CHECK(fixture.is_open(1));
    CHECK(fixture.is_open(2));
}

TEST_CASE("a password change that another one followed is not repeated")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const change = change_of(alice, "second");
    CHECK(fixture.run(fixture.accounts().change_password(change)));
    CHECK(fixture.run(fixture.accounts().change_password(change_of(fixture.account(alice.id), "third"))));
    auto const again = fixture.run(fixture.accounts().change_password(change));
    REQUIRE_FALSE(again);
    CHECK(again.error() == errc::credential_changed);
    CHECK(fixture.account(alice.id).password_hash == "third");
}

TEST_CASE("a repeated rehash is done")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    for (int i = 0; i < 3; ++i)
        CHECK(fixture.run(fixture.accounts().rehash(alice.id, alice.password_hash, "stronger")));
    CHECK(fixture.account(alice.id).password_hash == "stronger");
    CHECK(fixture.account(alice.id).credential_version == alice.credential_version);
    auto const another = fixture.run(fixture.accounts().rehash(alice.id, alice.password_hash, "strongest"));
    REQUIRE_FALSE(another);
    CHECK(another.error() == errc::credential_changed);
}

TEST_CASE("a repeated end of a session is not_found and one of all sessions is done")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const id = fixture.open(session_of(alice, 1));
    CHECK(fixture.run(fixture.sessions().end(alice.id, id)));
    auto const again = fixture.run(fixture.sessions().end(alice.id, id));
    REQUIRE_FALSE(again);
    CHECK(again.error() == errc::not_found);
    for (int i = 0; i < 2; ++i) CHECK(fixture.run(fixture.sessions().end_all(alice.id)));
}
