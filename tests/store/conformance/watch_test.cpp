// Promise P6 of SECURITY.md.
#include "store/conformance/store_fixture.hpp"
#include "store/support/ended_sessions.hpp"

using namespace porter::testing;

TEST_CASE("whoever watches is told of every way in which a session ends")
{
    auto const kind = GENERATE(from_range(backends()));
    CAPTURE(kind.name);
    ended_sessions told;
    store_fixture here{kind};
    auto const alice = here.add("alice");
    auto const bob = here.add("bob");
    here.sessions().watch({told.watcher()});

    auto const revoked = here.open(session_of(alice, 1));
    CHECK(here.run(here.sessions().end(alice.id, revoked)));
    CHECK(told.wait_for(revoked));
    CHECK(told.told_of(revoked) == "alice revoked");

    auto const oldest = here.open(session_of(alice, 2));
    auto next = session_of(alice, 3);
    next.max_sessions = 1;
    auto const kept = here.open(next);
    CHECK(told.wait_for(oldest));
    CHECK(told.told_of(oldest) == "alice replaced");

    auto const of_old_password = here.open(session_of(alice, 4));
    CHECK(here.run(here.accounts().change_password(change_of(alice, "new", kept))));
    CHECK(told.wait_for(of_old_password));
    CHECK(told.told_of(of_old_password) == "alice password_changed");
    CHECK_FALSE(told.told().contains(kept));

    CHECK(here.run(here.sessions().end_all(alice.id, porter::detail::store::end_cause::logout)));
    CHECK(told.wait_for(kept));
    CHECK(told.told_of(kept) == "alice logout");

    auto const expired = here.open(session_of(bob, 5));
    CHECK(here.run(here.sessions().prune(at(5000), at(0))));
    CHECK(told.wait_for(expired));
    CHECK(told.told_of(expired) == "bob expired");

    auto const of_disabled = here.open(session_of(bob, 6));
    here.administrator().disable(bob.id, at(7));
    CHECK(told.wait_for(of_disabled));
    CHECK(told.told_of(of_disabled) == "bob account_disabled");

    auto const of_deleted = here.open(session_of(here.add("eve"), 7));
    here.administrator().remove(bob.id + 1);
    CHECK(told.wait_for(of_deleted));
    CHECK(told.told_of(of_deleted) == "eve account_deleted");

    CHECK(told.told().size() == 7);
    here.sessions().watch({});
}

TEST_CASE("a watch begins now: sessions that ended before are not told of")
{
    ended_sessions told;
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const before = here.open(session_of(alice, 1));
    auto const after = here.open(session_of(alice, 2));
    CHECK(here.run(here.sessions().end(alice.id, before)));
    here.sessions().watch({told.watcher()});
    CHECK(here.run(here.sessions().end(alice.id, after)));
    CHECK(told.wait_for(after));
    CHECK_FALSE(told.told().contains(before));
    here.sessions().watch({});
}

TEST_CASE("a watcher that was taken away is told of nothing more")
{
    ended_sessions first;
    ended_sessions second;
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const ended = here.open(session_of(alice, 1));
    here.sessions().watch({first.watcher()});
    here.sessions().watch({second.watcher()});
    CHECK(here.run(here.sessions().end(alice.id, ended)));
    CHECK(second.wait_for(ended));
    CHECK(first.told().empty());
    here.sessions().watch({});
    CHECK(here.run(here.sessions().end_all(alice.id)));
    CHECK(second.told().size() == 1);
}
