#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::errc;

TEST_CASE("a changed password ends every session of the account but the one to keep")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const bob = here.add("bob");
    here.open(session_of(alice, 1));
    auto const kept = here.open(session_of(alice, 2));
    here.open(session_of(alice, 3));
    here.open(session_of(bob, 4));

    CHECK(here.run(here.accounts().change_password(change_of(alice, "new", kept))));
    CHECK(here.account(alice.id).password_hash == "new");
    CHECK(here.account(alice.id).credential_version == alice.credential_version + 1);
    CHECK_FALSE(here.is_open(1));
    CHECK(here.is_open(2));
    CHECK_FALSE(here.is_open(3));
    CHECK(here.is_open(4));
}

TEST_CASE("a password change resets the failure counter of its attempt and no other")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    here.open(session_of(alice, 1));
    here.begin(alice.id, "198.51.100.1", 0);
    here.begin(alice.id, "192.0.2.1", 1);
    auto change = change_of(alice, "new");
    change.attempt = here.begin(alice.id, "192.0.2.1", 2).counted;
    CHECK(here.run(here.accounts().change_password(change)));
    CHECK(here.account(alice.id).failed_since == 2);
    CHECK(here.begin(alice.id, "192.0.2.1", 2).decision.allows());
    CHECK(here.begin(alice.id, "192.0.2.1", 2).decision.allows());
    here.begin(alice.id, "198.51.100.2", 2);
    CHECK_FALSE(here.begin(alice.id, "198.51.100.3", 2).decision.allows());
}

TEST_CASE("a kept session counts as opened by the new credential")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const kept = here.open(session_of(alice, 1));
    CHECK(here.run(here.accounts().change_password(change_of(alice, "second", kept))));
    CHECK(here.run(here.accounts().change_password(change_of(here.account(alice.id), "third", kept))));
    CHECK(here.is_open(1));
    CHECK(here.run(here.accounts().rehash(alice.id, "third", "third, hashed anew")));
    CHECK(here.is_open(1));
}

TEST_CASE("a session of another account cannot be kept")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const bob = here.add("bob");
    auto const bobs = here.open(session_of(bob, 1));
    CHECK(here.run(here.accounts().change_password(change_of(alice, "new", bobs))));
    CHECK(here.is_open(1));
    CHECK(here.run(here.accounts().change_password(change_of(bob, "new"))));
    CHECK_FALSE(here.is_open(1));
}

TEST_CASE("a password is not changed when it was changed since the check")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const kept = here.open(session_of(alice, 1));
    here.open(session_of(alice, 2));
    auto stale = change_of(alice, "new", kept);
    --stale.credential_version;
    auto const denied = here.run(here.accounts().change_password(stale));
    REQUIRE_FALSE(denied);
    CHECK(denied.error() == errc::credential_changed);
    CHECK(here.account(alice.id).password_hash == alice.password_hash);
    CHECK(here.account(alice.id).credential_version == alice.credential_version);
    CHECK(here.is_open(1));
    CHECK(here.is_open(2));
    CHECK(here.run(here.accounts().rehash(alice.id, alice.password_hash, "stronger")));
    CHECK(here.is_open(1));
}

TEST_CASE("the password of a disabled or deleted account is not changed")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    here.administrator().disable(alice.id, at(9));
    auto const disabled = here.run(here.accounts().change_password(change_of(alice, "new")));
    REQUIRE_FALSE(disabled);
    CHECK(disabled.error() == errc::credential_changed);
    here.administrator().remove(alice.id);
    auto const gone = here.run(here.accounts().change_password(change_of(alice, "new")));
    REQUIRE_FALSE(gone);
    CHECK(gone.error() == errc::credential_changed);
}

TEST_CASE("a session is not opened after the credential was changed")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    here.begin(alice.id, "192.0.2.9", 0);
    CHECK(here.run(here.accounts().change_password(change_of(alice, "new"))));
    auto const denied = here.run(here.sessions().open(session_of(alice, 1)));
    REQUIRE_FALSE(denied);
    CHECK(denied.error() == errc::credential_changed);
    CHECK_FALSE(here.is_open(1));
    CHECK(here.account(alice.id).failed_since == 1);
}

TEST_CASE("no session is opened for a disabled or deleted account")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    here.administrator().disable(alice.id, at(9));
    CHECK(here.account(alice.id).disabled_at == at(9));
    auto const disabled = here.run(here.sessions().open(session_of(alice, 1)));
    REQUIRE_FALSE(disabled);
    CHECK(disabled.error() == errc::credential_changed);
    here.administrator().remove(alice.id);
    auto const gone = here.run(here.sessions().open(session_of(alice, 1)));
    REQUIRE_FALSE(gone);
    CHECK(gone.error() == errc::credential_changed);
}

TEST_CASE("a password can be changed after a rehash")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    CHECK(here.run(here.accounts().rehash(alice.id, alice.password_hash, "stronger")));
    CHECK(here.run(here.accounts().change_password(change_of(alice, "new"))));
    CHECK(here.account(alice.id).password_hash == "new");
}
