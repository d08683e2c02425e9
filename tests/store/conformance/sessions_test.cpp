#include <algorithm>

#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::errc;
using porter::detail::store::session_activity;
using porter::detail::store::session_id;
using porter::detail::store::transport;

namespace {

std::vector<porter::detail::store::session_id> ids(std::vector<porter::detail::store::session> const& sessions)
{
    std::vector<porter::detail::store::session_id> all;
    for (auto const& one : sessions) all.push_back(one.id);
    return all;
}

porter::detail::store::session find(store_fixture& fixture, int number)
{
    auto const found = fixture.run(fixture.sessions().find(digest(number)));
    REQUIRE(found);
    REQUIRE(found->has_value());
    return (*found)->session;
}

void touch(store_fixture& fixture, session_activity const& activity)
{
    std::vector<session_activity> const activities{activity};
    auto const gone = fixture.run(fixture.sessions().touch(activities));
    REQUIRE(gone);
    CHECK(gone->empty());
}

session_activity activity_of(porter::detail::store::session_id id, int when, std::string address = {})
{
    session_activity activity;
    activity.id = id;
    activity.at = at(when);
    activity.network = address;
    activity.address = std::move(address);
    return activity;
}

}  // namespace

TEST_CASE("a session is found by its digest together with its account")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto fresh = session_of(alice, 1, 10);
    fresh.transport = GENERATE(transport::plain, transport::tls);
    auto const id = fixture.open(fresh);

    auto const found = fixture.run(fixture.sessions().find(digest(1)));
    REQUIRE(found);
    REQUIRE(found->has_value());
    CHECK((*found)->account_name == "alice");
    CHECK_FALSE((*found)->account_disabled);
    auto const& session = (*found)->session;
    CHECK(session.id == id);
    CHECK(session.account == alice.id);
    CHECK(session.created_at == at(10));
    CHECK(session.last_used_at == at(10));
    CHECK(session.expires_at == at(1010));
    CHECK(session.address == "192.0.2.1");
    CHECK(session.transport == fresh.transport);
}

TEST_CASE("an unknown digest finds nothing without an error")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    CHECK_FALSE(fixture.is_open(1));
}

TEST_CASE("an opened session has the time of the previous login")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const first = fixture.run(fixture.sessions().open(session_of(alice, 1, 10)));
    REQUIRE(first);
    CHECK_FALSE(first->before.last_login_at.has_value());
    CHECK(first->before.last_address.empty());
    CHECK(first->before.failed_since == 0);

    CHECK(fixture.begin(alice.id, "192.0.2.9", 0).decision.allows());
    CHECK(fixture.begin(alice.id, "192.0.2.9", 0).decision.allows());
    auto fresh = session_of(alice, 2, 20);
    fresh.address = "2001:db8::7";
    auto const second = fixture.run(fixture.sessions().open(fresh));
    REQUIRE(second);
    CHECK(second->before.last_login_at == at(10));
    CHECK(second->before.last_address == "192.0.2.1");
    CHECK(second->before.failed_since == 2);

    auto const found = fixture.run(fixture.sessions().find(digest(1)));
    REQUIRE(found);
    REQUIRE(found->has_value());
    CHECK((*found)->history.last_login_at == at(20));
    CHECK((*found)->history.last_address == "2001:db8::7");
    CHECK((*found)->history.failed_since == 0);
}

TEST_CASE("a session beyond the limit ends the oldest ones of the account")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const bob = fixture.add("bob");
    fixture.open(session_of(bob, 100));
    for (int number = 1; number <= 4; ++number) fixture.open(session_of(alice, number));
    auto last = session_of(alice, 5);
    last.max_sessions = 2;
    fixture.open(last);
    CHECK_FALSE(fixture.is_open(1));
    CHECK_FALSE(fixture.is_open(2));
    CHECK_FALSE(fixture.is_open(3));
    CHECK(fixture.is_open(4));
    CHECK(fixture.is_open(5));
    CHECK(fixture.is_open(100));
}

TEST_CASE("an expired session is found because the caller decides by its own clock")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto fresh = session_of(fixture.add("alice"), 1);
    fresh.expires_at = fresh.created_at;
    fixture.open(fresh);
    CHECK(fixture.is_open(1));
}

TEST_CASE("the list has the live sessions of an account with the oldest first")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.open(session_of(fixture.add("bob"), 100, 60));
    auto const expired = fixture.open(session_of(alice, 1, 0));  // at 1000, the moment itself
    auto const second = fixture.open(session_of(alice, 2, 50));
    fixture.open(session_of(alice, 3, 40));  // idle since 40, the moment itself
    auto const fourth = fixture.open(session_of(alice, 4, 60));
    touch(fixture, activity_of(second, 70));
    touch(fixture, activity_of(expired, 70));

    auto const live = fixture.run(fixture.sessions().list(alice.id, at(1000), at(40)));
    REQUIRE(live);
    CHECK(ids(*live) == std::vector{second, fourth});
    CHECK(live->front().last_used_at == at(70));
}

TEST_CASE("one session of an account is ended by its id")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const id = fixture.open(session_of(alice, 1));
    fixture.open(session_of(alice, 2));
    CHECK(fixture.run(fixture.sessions().end(alice.id, id)));
    CHECK_FALSE(fixture.is_open(1));
    CHECK(fixture.is_open(2));
    auto const again = fixture.run(fixture.sessions().end(alice.id, id));
    REQUIRE_FALSE(again);
    CHECK(again.error() == errc::not_found);
}

TEST_CASE("a session of another account is not ended")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const bobs = fixture.open(session_of(fixture.add("bob"), 1));
    auto const denied = fixture.run(fixture.sessions().end(alice.id, bobs));
    REQUIRE_FALSE(denied);
    CHECK(denied.error() == errc::not_found);
    CHECK(fixture.is_open(1));
}

TEST_CASE("all sessions of one account alone are ended at once")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.open(session_of(alice, 1));
    fixture.open(session_of(alice, 2));
    fixture.open(session_of(fixture.add("bob"), 3));
    CHECK(fixture.run(fixture.sessions().end_all(alice.id)));
    CHECK_FALSE(fixture.is_open(1));
    CHECK_FALSE(fixture.is_open(2));
    CHECK(fixture.is_open(3));
    CHECK(fixture.run(fixture.sessions().end_all(alice.id)));
}

TEST_CASE("touch records time and address and never an earlier time")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const id = fixture.open(session_of(fixture.add("alice"), 1, 10));
    touch(fixture, activity_of(id, 30, "192.0.2.9"));
    CHECK(find(fixture, 1).last_used_at == at(30));
    CHECK(find(fixture, 1).address == "192.0.2.9");
    touch(fixture, activity_of(id, 40));
    CHECK(find(fixture, 1).last_used_at == at(40));
    CHECK(find(fixture, 1).address == "192.0.2.9");
    touch(fixture, activity_of(id, 39, "192.0.2.5"));
    CHECK(find(fixture, 1).last_used_at == at(40));
    CHECK(find(fixture, 1).address == "192.0.2.9");
}

TEST_CASE("touch skips and returns the sessions that have ended")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const live = fixture.open(session_of(alice, 1, 10));
    auto const ended = fixture.open(session_of(alice, 2, 10));
    auto const moved = fixture.open(session_of(alice, 3, 10));
    auto const early = fixture.open(session_of(alice, 4, 10));
    CHECK(fixture.run(fixture.sessions().end(alice.id, ended)));
    CHECK(fixture.run(fixture.sessions().end(alice.id, moved)));
    std::vector<session_activity> const activities{activity_of(ended, 30), activity_of(live, 30),
                                                   activity_of(moved, 30, "192.0.2.9"), activity_of(early, 9)};
    auto const gone = fixture.run(fixture.sessions().touch(activities));
    REQUIRE(gone);
    CHECK(*gone == std::vector{ended, moved});
    CHECK(find(fixture, 1).last_used_at == at(30));
    auto const again = fixture.run(fixture.sessions().touch(activities));
    REQUIRE(again);
    CHECK(*again == *gone);
}

TEST_CASE("pruning removes expired and idle sessions and returns their number")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.open(session_of(alice, 1, 0));   // ends at 1000, the moment itself
    fixture.open(session_of(alice, 2, 50));  // idle since 50, the moment itself
    fixture.open(session_of(alice, 3, 51));
    auto const early = fixture.open(session_of(alice, 4, 0));
    touch(fixture, activity_of(early, 60));  // used, but at its end
    auto const pruned = fixture.run(fixture.sessions().prune(at(1000), at(50)));
    REQUIRE(pruned);
    CHECK(*pruned == 3);
    CHECK(fixture.is_open(3));
    CHECK_FALSE(fixture.is_open(1));
    CHECK_FALSE(fixture.is_open(2));
    CHECK_FALSE(fixture.is_open(4));
    auto const again = fixture.run(fixture.sessions().prune(at(1000), at(50)));
    REQUIRE(again);
    CHECK(*again == 0);
}

TEST_CASE("the id of a session is never reused")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const id = fixture.open(session_of(alice, 1));
    CHECK(fixture.run(fixture.sessions().end_all(alice.id)));
    CHECK(fixture.open(session_of(alice, 2)) > id);
}

TEST_CASE("the sessions of an account end when it is disabled or deleted")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const bob = fixture.add("bob");
    fixture.open(session_of(alice, 1));
    fixture.open(session_of(bob, 2));
    fixture.administrator().disable(alice.id, at(1));
    CHECK_FALSE(fixture.is_open(1));
    CHECK(fixture.is_open(2));
    fixture.administrator().remove(bob.id);
    CHECK_FALSE(fixture.is_open(2));
}

TEST_CASE("sessions are found by their absolute end")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    std::vector<session_id> ids;
    for (int i = 1; i <= 4; ++i) {
        auto one = session_of(alice, i);
        one.expires_at = at(1'000 + i);
        ids.push_back(fixture.open(one));
    }
    auto two = fixture.run(fixture.sessions().ended_between(at(1'001), at(1'003)));
    REQUIRE(two);
    std::ranges::sort(*two);
    CHECK(*two == std::vector{ids[1], ids[2]});
    auto const none = fixture.run(fixture.sessions().ended_between(at(1'004), at(9'999)));
    REQUIRE(none);
    CHECK(none->empty());
}

TEST_CASE("sessions that are deleted or past their end or opened in the far future are over")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const live = fixture.open(session_of(alice, 1));
    auto const ended = fixture.open(session_of(alice, 2));
    CHECK(fixture.run(fixture.sessions().end(alice.id, ended)));
    auto const expired = fixture.open(session_of(alice, 3));
    auto early = session_of(alice, 4);
    early.created_at = at(2'000'000);
    early.expires_at = at(3'000'000);
    auto const ahead = fixture.open(early);

    auto const now = fixture.run(fixture.sessions().find_ended({live, ended, expired, ahead, 999}, at(50)));
    REQUIRE(now);
    CHECK(*now == std::vector{ended, ahead, session_id{999}});
    auto const later = fixture.run(fixture.sessions().find_ended({live, ended, expired, ahead}, at(5'000'000)));
    REQUIRE(later);
    CHECK(*later == std::vector{live, ended, expired, ahead});
    auto const reached = fixture.run(fixture.sessions().find_ended({ahead}, at(2'000'000 - 24 * 3600)));
    REQUIRE(reached);
    CHECK(reached->empty());
    auto const listed = fixture.run(fixture.sessions().list(alice.id, at(50), at(-1)));
    REQUIRE(listed);
    CHECK(listed->size() == 2);
}
