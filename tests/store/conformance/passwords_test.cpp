#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::errc;

TEST_CASE("a changed password ends every session of the account but the one to keep")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const bob = fixture.add("bob");
    fixture.open(session_of(alice, 1));
    auto const kept = fixture.open(session_of(alice, 2));
    fixture.open(session_of(alice, 3));
    fixture.open(session_of(bob, 4));

    CHECK(fixture.run(fixture.accounts().change_password(change_of(alice, "new", kept))));
    CHECK(fixture.account(alice.id).password_hash == "new");
    CHECK(fixture.account(alice.id).credential_version == alice.credential_version + 1);
    CHECK_FALSE(fixture.is_open(1));
    CHECK(fixture.is_open(2));
    CHECK_FALSE(fixture.is_open(3));
    CHECK(fixture.is_open(4));
}

TEST_CASE("a password change resets the failure counter of its attempt and no other")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.open(session_of(alice, 1));
    fixture.begin(alice.id, "198.51.100.1", 0);
    fixture.begin(alice.id, "192.0.2.1", 1);
    auto change = change_of(alice, "new");
    change.attempt = fixture.begin(alice.id, "192.0.2.1", 2).counted;
    CHECK(fixture.run(fixture.accounts().change_password(change)));
    CHECK(fixture.account(alice.id).failed_since == 2);
    CHECK(fixture.begin(alice.id, "192.0.2.1", 2).decision.allows());
    CHECK(fixture.begin(alice.id, "192.0.2.1", 2).decision.allows());
    fixture.begin(alice.id, "198.51.100.2", 2);
    CHECK_FALSE(fixture.begin(alice.id, "198.51.100.3", 2).decision.allows());
}

TEST_CASE("a kept session counts as opened by the new credential")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const kept = fixture.open(session_of(alice, 1));
    CHECK(fixture.run(fixture.accounts().change_password(change_of(alice, "second", kept))));
    CHECK(fixture.run(fixture.accounts().change_password(change_of(fixture.account(alice.id), "third", kept))));
    CHECK(fixture.is_open(1));
    CHECK(fixture.run(fixture.accounts().rehash(alice.id, "third", "third, hashed anew")));
    CHECK(fixture.is_open(1));
}

TEST_CASE("a session of another account cannot be kept")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const bob = fixture.add("bob");
    auto const bobs = fixture.open(session_of(bob, 1));
    CHECK(fixture.run(fixture.accounts().change_password(change_of(alice, "new", bobs))));
    CHECK(fixture.is_open(1));
    CHECK(fixture.run(fixture.accounts().change_password(change_of(bob, "new"))));
    CHECK_FALSE(fixture.is_open(1));
}

TEST_CASE("a password is not changed when it was changed since the check")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const kept = fixture.open(session_of(alice, 1));
    fixture.open(session_of(alice, 2));
    auto stale = change_of(alice, "new", kept);
    --stale.credential_version;
    auto const denied = fixture.run(fixture.accounts().change_password(stale));
    REQUIRE_FALSE(denied);
    CHECK(denied.error() == errc::credential_changed);
    CHECK(fixture.account(alice.id).password_hash == alice.password_hash);
    CHECK(fixture.account(alice.id).credential_version == alice.credential_version);
    CHECK(fixture.is_open(1));
    CHECK(fixture.is_open(2));
    CHECK(fixture.run(fixture.accounts().rehash(alice.id, alice.password_hash, "stronger")));
    CHECK(fixture.is_open(1));
}

TEST_CASE("the password of a disabled or deleted account is not changed")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.administrator().disable(alice.id, at(9));
    auto const disabled = fixture.run(fixture.accounts().change_password(change_of(alice, "new")));
    REQUIRE_FALSE(disabled);
    CHECK(disabled.error() == errc::credential_changed);
    fixture.administrator().remove(alice.id);
    auto const ended = fixture.run(fixture.accounts().change_password(change_of(alice, "new")));
    REQUIRE_FALSE(ended);
    CHECK(ended.error() == errc::credential_changed);
}

TEST_CASE("a session is not opened after the credential was changed")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.begin(alice.id, "192.0.2.9", 0);
    CHECK(fixture.run(fixture.accounts().change_password(change_of(alice, "new"))));
    auto const denied = fixture.run(fixture.sessions().open(session_of(alice, 1)));
    REQUIRE_FALSE(denied);
    CHECK(denied.error() == errc::credential_changed);
    CHECK_FALSE(fixture.is_open(1));
    CHECK(fixture.account(alice.id).failed_since == 1);
}

TEST_CASE("no session is opened for a disabled or deleted account")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.administrator().disable(alice.id, at(9));
    CHECK(fixture.account(alice.id).disabled_at == at(9));
    auto const disabled = fixture.run(fixture.sessions().open(session_of(alice, 1)));
    REQUIRE_FALSE(disabled);
    CHECK(disabled.error() == errc::credential_changed);
    fixture.administrator().remove(alice.id);
    auto const ended = fixture.run(fixture.sessions().open(session_of(alice, 1)));
    REQUIRE_FALSE(ended);
    CHECK(ended.error() == errc::credential_changed);
}

TEST_CASE("a password can be changed after a rehash")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    CHECK(fixture.run(fixture.accounts().rehash(alice.id, alice.password_hash, "stronger")));
    CHECK(fixture.run(fixture.accounts().change_password(change_of(alice, "new"))));
    CHECK(fixture.account(alice.id).password_hash == "new");
}
