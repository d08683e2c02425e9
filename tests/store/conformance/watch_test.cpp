// Promise P6 of SECURITY.md.
#include "store/conformance/store_fixture.hpp"
#include "store/support/ended_sessions.hpp"

using namespace porter::testing;

TEST_CASE("the watch is called for every cause that ends a session")
{
    auto const kind = GENERATE(from_range(backends()));
    CAPTURE(kind.name);
    ended_sessions notified;
    store_fixture here{kind};
    auto const alice = here.add("alice");
    auto const bob = here.add("bob");
    here.sessions().watch({notified.watcher()});

    auto const revoked = here.open(session_of(alice, 1));
    CHECK(here.run(here.sessions().end(alice.id, revoked)));
    CHECK(notified.wait_for(revoked));
    CHECK(notified.description_of(revoked) == "alice revoked");

    auto const oldest = here.open(session_of(alice, 2));
    auto next = session_of(alice, 3);
    next.max_sessions = 1;
    auto const kept = here.open(next);
    CHECK(notified.wait_for(oldest));
    CHECK(notified.description_of(oldest) == "alice replaced");

    auto const of_old_password = here.open(session_of(alice, 4));
    CHECK(here.run(here.accounts().change_password(change_of(alice, "new", kept))));
    CHECK(notified.wait_for(of_old_password));
    CHECK(notified.description_of(of_old_password) == "alice password_changed");
    CHECK_FALSE(notified.notified().contains(kept));

    CHECK(here.run(here.sessions().end_all(alice.id, porter::detail::store::end_cause::logout)));
    CHECK(notified.wait_for(kept));
    CHECK(notified.description_of(kept) == "alice logout");

    auto const expired = here.open(session_of(bob, 5));
    CHECK(here.run(here.sessions().prune(at(5000), at(0))));
    CHECK(notified.wait_for(expired));
    CHECK(notified.description_of(expired) == "bob expired");

    auto const of_disabled = here.open(session_of(bob, 6));
    here.administrator().disable(bob.id, at(7));
    CHECK(notified.wait_for(of_disabled));
    CHECK(notified.description_of(of_disabled) == "bob account_disabled");

    auto const of_deleted = here.open(session_of(here.add("eve"), 7));
    here.administrator().remove(bob.id + 1);
    CHECK(notified.wait_for(of_deleted));
    CHECK(notified.description_of(of_deleted) == "eve account_deleted");

    CHECK(notified.notified().size() == 7);
    here.sessions().watch({});
}

TEST_CASE("sessions that ended before the watch was set are not reported")
{
    ended_sessions notified;
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    auto const before = here.open(session_of(alice, 1));
    auto const after = here.open(session_of(alice, 2));
    CHECK(here.run(here.sessions().end(alice.id, before)));
    here.sessions().watch({notified.watcher()});
    CHECK(here.run(here.sessions().end(alice.id, after)));
    CHECK(notified.wait_for(after));
    CHECK_FALSE(notified.notified().contains(before));
    here.sessions().watch({});
}

TEST_CASE("a replaced or removed watch is not called any more")
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
    CHECK(first.notified().empty());
    here.sessions().watch({});
    CHECK(here.run(here.sessions().end_all(alice.id)));
    CHECK(second.notified().size() == 1);
}
