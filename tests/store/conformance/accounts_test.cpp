#include <asio/co_spawn.hpp>
#include <exception>

#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::account;
using porter::detail::store::errc;

namespace {

struct outcomes {
    int added = 0;
    int taken = 0;
};

porter::task<void> register_alice(porter::detail::store::sessions& sessions, int number, outcomes& seen)
{
    auto account = account_of("alice");
    auto session = session_of({}, number);
    auto const added = co_await sessions.open_first(std::move(account), std::move(session));
    if (added) {
        ++seen.added;
    } else if (added.error() == errc::name_taken) {
        ++seen.taken;
    }
}

}  // namespace

TEST_CASE("a new account is found by its folded name and by its id")
{
    auto const kind = GENERATE(from_range(backends()));
    CAPTURE(kind.name);
    store_fixture fixture{kind};
    account fresh;
    fresh.name = "Алиса";
    fresh.folded_name = "алиса";
    fresh.password_hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
    fresh.created_at = at(5);

    auto const added = fixture.run(fixture.sessions().open_first(fresh, session_of({}, 1)));
    REQUIRE(added);
    CHECK(added->account > 0);

    auto const by_name = fixture.run(fixture.accounts().find("алиса"));
    REQUIRE(by_name);
    REQUIRE(by_name->has_value());
    auto const by_id = fixture.account(added->account);
    for (auto const& found : {**by_name, by_id}) {
        CHECK(found.id == added->account);
        CHECK(found.name == fresh.name);
        CHECK(found.folded_name == fresh.folded_name);
        CHECK(found.password_hash == fresh.password_hash);
        CHECK(found.credential_version == 1);
        CHECK(found.created_at == fresh.created_at);
        CHECK_FALSE(found.disabled_at.has_value());
        CHECK(found.failed_since == 0);
    }
}

TEST_CASE("an unknown name or id finds nothing without an error")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const by_name = fixture.run(fixture.accounts().find("unknown"));
    auto const by_id = fixture.run(fixture.accounts().find_claimed(7));
    REQUIRE(by_name);
    REQUIRE(by_id);
    CHECK_FALSE(by_name->has_value());
    CHECK_FALSE(by_id->account.has_value());
}

TEST_CASE("a new account's id and version and failures are set by the store")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto fresh = account_of("alice");
    fresh.id = 77;
    fresh.credential_version = 9;
    fresh.failed_since = 3;
    auto const added = fixture.run(fixture.sessions().open_first(fresh, session_of({}, 1)));
    REQUIRE(added);
    CHECK(added->account != 77);
    CHECK(fixture.account(added->account).credential_version == 1);
    CHECK(fixture.account(added->account).failed_since == 0);
}

TEST_CASE("a second account with the same folded name is denied")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const first = fixture.add("alice");
    auto again = account_of("alice");
    again.name = "ALICE";
    auto const denied = fixture.run(fixture.sessions().open_first(again, session_of({}, 1)));
    REQUIRE_FALSE(denied);
    CHECK(denied.error() == errc::name_taken);
    CHECK(fixture.account(first.id).name == "alice");
}

TEST_CASE("of many registrations of one name at once exactly one succeeds")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    outcomes seen;
    for (int i = 0; i < 20; ++i) {
        asio::co_spawn(fixture.io(), register_alice(fixture.sessions(), i, seen), [](std::exception_ptr error) {
            if (error) std::rethrow_exception(error);
        });
    }
    fixture.io().run();
    CHECK(seen.added == 1);
    CHECK(seen.taken == 19);
}

TEST_CASE("the id of an account is never reused")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const first = fixture.add("alice");
    fixture.administrator().remove(first.id);
    CHECK(fixture.add("alice").id > first.id);
}

TEST_CASE("a rehash replaces the hash and keeps the sessions")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.open(session_of(alice, 1));
    CHECK(fixture.run(fixture.accounts().rehash(alice.id, alice.password_hash, "stronger")));
    CHECK(fixture.account(alice.id).password_hash == "stronger");
    CHECK(fixture.account(alice.id).credential_version == alice.credential_version);
    CHECK(fixture.is_open(1));
}

TEST_CASE("a rehash is denied when another hash is stored")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const stale = fixture.run(fixture.accounts().rehash(alice.id, "another", "stronger"));
    auto const ended = fixture.run(fixture.accounts().rehash(alice.id + 1, alice.password_hash, "stronger"));
    REQUIRE_FALSE(stale);
    CHECK(stale.error() == errc::credential_changed);
    REQUIRE_FALSE(ended);
    CHECK(ended.error() == errc::credential_changed);
    CHECK(fixture.account(alice.id).password_hash == alice.password_hash);
}
