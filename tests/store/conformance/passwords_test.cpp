#include "store/conformance/world.hpp"

using namespace porter::testing;
using porter::rooms::store::errc;

TEST_CASE("a changed password ends every session of the account but the one to keep")
{
    world here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const bob = here.add("bob");
    here.open(session_of(alice, 1));
    auto const kept = here.open(session_of(alice, 2));
    here.open(session_of(alice, 3));
    here.open(session_of(bob, 4));

    CHECK(here.run(here.accounts().change_password(alice.id, alice.password_hash, "new", kept)));
    CHECK(here.account(alice.id).password_hash == "new");
    CHECK(here.account(alice.id).credential_version == alice.credential_version + 1);
    CHECK_FALSE(here.is_open(1));
    CHECK(here.is_open(2));
    CHECK_FALSE(here.is_open(3));
    CHECK(here.is_open(4));
}

TEST_CASE("a changed password zeroes the failures")
{
    world here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    CHECK(here.run(here.accounts().count_failure(alice.id)));
    CHECK(here.run(here.accounts().change_password(alice.id, alice.password_hash, "new", 0)));
    CHECK(here.account(alice.id).failed_since == 0);
}

TEST_CASE("a kept session counts as opened by the new credential")
{
    world here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const kept = here.open(session_of(alice, 1));
    CHECK(here.run(here.accounts().change_password(alice.id, alice.password_hash, "second", kept)));
    CHECK(here.run(here.accounts().change_password(alice.id, "second", "third", kept)));
    CHECK(here.is_open(1));
    CHECK(here.run(here.accounts().rehash(alice.id, "third", "third, hashed anew")));
    CHECK(here.is_open(1));
}

TEST_CASE("a session of somebody else is not kept by naming it")
{
    world here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const bob = here.add("bob");
    auto const bobs = here.open(session_of(bob, 1));
    CHECK(here.run(here.accounts().change_password(alice.id, alice.password_hash, "new", bobs)));
    CHECK(here.is_open(1));
    CHECK(here.run(here.accounts().change_password(bob.id, bob.password_hash, "new", 0)));
    CHECK_FALSE(here.is_open(1));
}

TEST_CASE("a password is not changed when the verified hash is not the stored one any more")
{
    world here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const kept = here.open(session_of(alice, 1));
    here.open(session_of(alice, 2));
    auto const refused = here.run(here.accounts().change_password(alice.id, "another", "new", kept));
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == errc::credential_changed);
    CHECK(here.account(alice.id).password_hash == alice.password_hash);
    CHECK(here.account(alice.id).credential_version == alice.credential_version);
    CHECK(here.is_open(1));
    CHECK(here.is_open(2));
    CHECK(here.run(here.accounts().rehash(alice.id, alice.password_hash, "stronger")));
    CHECK(here.is_open(1));
}

TEST_CASE("the password of a disabled or deleted account is not changed")
{
    world here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    here.administrator().disable(alice.id, at(9));
    auto const disabled = here.run(here.accounts().change_password(alice.id, alice.password_hash, "new", 0));
    REQUIRE_FALSE(disabled);
    CHECK(disabled.error() == errc::credential_changed);
    here.administrator().remove(alice.id);
    auto const gone = here.run(here.accounts().change_password(alice.id, alice.password_hash, "new", 0));
    REQUIRE_FALSE(gone);
    CHECK(gone.error() == errc::credential_changed);
}

TEST_CASE("a session is not opened by a credential that was changed meanwhile")
{
    world here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    CHECK(here.run(here.accounts().count_failure(alice.id)));
    CHECK(here.run(here.accounts().change_password(alice.id, alice.password_hash, "new", 0)));
    CHECK(here.run(here.accounts().count_failure(alice.id)));
    auto const refused = here.run(here.sessions().open(session_of(alice, 1)));
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == errc::credential_changed);
    CHECK_FALSE(here.is_open(1));
    CHECK(here.account(alice.id).failed_since == 1);
}

TEST_CASE("no session is opened for a disabled or deleted account")
{
    world here{GENERATE(from_range(backends()))};
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
