// Promise P6 of SECURITY.md.
#include "store/conformance/store_fixture.hpp"
#include "store/support/ended_sessions.hpp"

using namespace porter::testing;

TEST_CASE("the watch is called for every cause that ends a session")
{
    auto const kind = GENERATE(from_range(backends()));
    CAPTURE(kind.name);
    ended_sessions notified;
    store_fixture fixture{kind};
    auto const alice = fixture.add("alice");
    auto const bob = fixture.add("bob");
    fixture.sessions().watch({notified.watcher()});

    auto const revoked = fixture.open(session_of(alice, 1));
    CHECK(fixture.run(fixture.sessions().end(alice.id, revoked)));
    CHECK(notified.wait_for(revoked));
    CHECK(notified.description_of(revoked) == "alice revoked");

    auto const oldest = fixture.open(session_of(alice, 2));
    auto next = session_of(alice, 3);
    next.max_sessions = 1;
    auto const kept = fixture.open(next);
    CHECK(notified.wait_for(oldest));
    CHECK(notified.description_of(oldest) == "alice replaced");

    auto const of_old_password = fixture.open(session_of(alice, 4));
    CHECK(fixture.run(fixture.accounts().change_password(change_of(alice, "new", kept))));
    CHECK(notified.wait_for(of_old_password));
    CHECK(notified.description_of(of_old_password) == "alice password_changed");
    CHECK_FALSE(notified.notified().contains(kept));

    CHECK(fixture.run(fixture.sessions().end_all(alice.id, porter::detail::store::end_cause::logout)));
    CHECK(notified.wait_for(kept));
    CHECK(notified.description_of(kept) == "alice logout");

    auto const expired = fixture.open(session_of(bob, 5));
    CHECK(fixture.run(fixture.sessions().prune(at(5000), at(0))));
    CHECK(notified.wait_for(expired));
    CHECK(notified.description_of(expired) == "bob expired");

    auto const of_disabled = fixture.open(session_of(bob, 6));
    fixture.administrator().disable(bob.id, at(7));
    CHECK(notified.wait_for(of_disabled));
    CHECK(notified.description_of(of_disabled) == "bob account_disabled");

    auto const of_deleted = fixture.open(session_of(fixture.add("eve"), 7));
    fixture.administrator().remove(bob.id + 1);
    CHECK(notified.wait_for(of_deleted));
    CHECK(notified.description_of(of_deleted) == "eve account_deleted");

    CHECK(notified.notified().size() == 7);
    fixture.sessions().watch({});
}

TEST_CASE("sessions that ended before the watch was set are not reported")
{
    ended_sessions notified;
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const before = fixture.open(session_of(alice, 1));
    auto const after = fixture.open(session_of(alice, 2));
    CHECK(fixture.run(fixture.sessions().end(alice.id, before)));
    fixture.sessions().watch({notified.watcher()});
    CHECK(fixture.run(fixture.sessions().end(alice.id, after)));
    CHECK(notified.wait_for(after));
    CHECK_FALSE(notified.notified().contains(before));
    fixture.sessions().watch({});
}

TEST_CASE("a replaced or removed watch is not called any more")
{
    ended_sessions first;
    ended_sessions second;
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const ended = fixture.open(session_of(alice, 1));
    fixture.sessions().watch({first.watcher()});
    fixture.sessions().watch({second.watcher()});
    CHECK(fixture.run(fixture.sessions().end(alice.id, ended)));
    CHECK(second.wait_for(ended));
    CHECK(first.notified().empty());
    fixture.sessions().watch({});
    CHECK(fixture.run(fixture.sessions().end_all(alice.id)));
    CHECK(second.notified().size() == 1);
}
