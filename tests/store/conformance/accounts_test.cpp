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

porter::task<void> add_alice(porter::detail::store::accounts& accounts, outcomes& seen)
{
    auto const added = co_await accounts.add(account_of("alice"));
    if (added) {
        ++seen.added;
    } else if (added.error() == errc::name_taken) {
        ++seen.taken;
    }
}

}  // namespace

TEST_CASE("an account that was added is found by its folded name and by its id")
{
    auto const kind = GENERATE(from_range(backends()));
    CAPTURE(kind.name);
    store_fixture here{kind};
    account fresh;
    fresh.name = "Алиса";
    fresh.folded_name = "алиса";
    fresh.password_hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
    fresh.created_at = at(5);

    auto const added = here.run(here.accounts().add(fresh));
    REQUIRE(added);
    CHECK(added->id > 0);
    CHECK(added->credential_version == 1);

    auto const by_name = here.run(here.accounts().find("алиса"));
    REQUIRE(by_name);
    REQUIRE(by_name->has_value());
    auto const by_id = here.account(added->id);
    for (auto const& found : {**by_name, by_id, *added}) {
        CHECK(found.id == added->id);
        CHECK(found.name == fresh.name);
        CHECK(found.folded_name == fresh.folded_name);
        CHECK(found.password_hash == fresh.password_hash);
        CHECK(found.credential_version == 1);
        CHECK(found.created_at == fresh.created_at);
        CHECK_FALSE(found.disabled_at.has_value());
        CHECK(found.failed_since == 0);
    }
}

TEST_CASE("an unknown name or id finds nothing and is no error")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const by_name = here.run(here.accounts().find("nobody"));
    auto const by_id = here.run(here.accounts().find_claimed(7));
    REQUIRE(by_name);
    REQUIRE(by_id);
    CHECK_FALSE(by_name->has_value());
    CHECK_FALSE(by_id->account.has_value());
}

TEST_CASE("adding an account ignores the id and the version and the failures that it brings")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto fresh = account_of("alice");
    fresh.id = 77;
    fresh.credential_version = 9;
    fresh.failed_since = 3;
    auto const added = here.run(here.accounts().add(fresh));
    REQUIRE(added);
    CHECK(added->id != 77);
    CHECK(added->credential_version == 1);
    CHECK(added->failed_since == 0);
    CHECK(here.account(added->id).credential_version == 1);
    CHECK(here.account(added->id).failed_since == 0);
}

TEST_CASE("an account may be added disabled")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto fresh = account_of("alice");
    fresh.disabled_at = at(3);
    auto const added = here.run(here.accounts().add(fresh));
    REQUIRE(added);
    CHECK(here.account(added->id).disabled_at == at(3));
}

TEST_CASE("a second account of the same folded name is refused")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const first = here.add("alice");
    auto again = account_of("alice");
    again.name = "ALICE";
    auto const refused = here.run(here.accounts().add(again));
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == errc::name_taken);
    CHECK(here.account(first.id).name == "alice");
}

TEST_CASE("of many who add the same name at once exactly one succeeds")
{
    store_fixture here{GENERATE(from_range(backends()))};
    outcomes seen;
    for (int i = 0; i < 20; ++i) {
        asio::co_spawn(here.io(), add_alice(here.accounts(), seen), [](std::exception_ptr error) {
            if (error) std::rethrow_exception(error);
        });
    }
    here.io().run();
    CHECK(seen.added == 1);
    CHECK(seen.taken == 19);
}

TEST_CASE("the id of an account is never used again")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const first = here.add("alice");
    here.administrator().remove(first.id);
    CHECK(here.add("alice").id > first.id);
}

TEST_CASE("a rehash replaces the hash and leaves the sessions")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    here.open(session_of(alice, 1));
    CHECK(here.run(here.accounts().rehash(alice.id, alice.password_hash, "stronger")));
    CHECK(here.account(alice.id).password_hash == "stronger");
    CHECK(here.account(alice.id).credential_version == alice.credential_version);
    CHECK(here.is_open(1));
}

TEST_CASE("a rehash of what is not the stored hash any more is refused")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const stale = here.run(here.accounts().rehash(alice.id, "another", "stronger"));
    auto const gone = here.run(here.accounts().rehash(alice.id + 1, alice.password_hash, "stronger"));
    REQUIRE_FALSE(stale);
    CHECK(stale.error() == errc::credential_changed);
    REQUIRE_FALSE(gone);
    CHECK(gone.error() == errc::credential_changed);
    CHECK(here.account(alice.id).password_hash == alice.password_hash);
}
