#include "sessions/registry.hpp"

#include "sessions/registry_fixture.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;
using namespace std::chrono_literals;
using std::chrono::days;
using testing::code_of;
using testing::registry_fixture;

namespace {

using ids = std::vector<detail::store::session_id>;

ids ids_of(std::vector<detail::store::session> const& sessions)
{
    ids all;
    for (auto const& each : sessions) all.push_back(each.id);
    return all;
}

}  // namespace

TEST_CASE("the live sessions of an account alone are listed oldest first")
{
    registry_fixture fixture;
    auto const first = fixture.open(fixture.alice);
    REQUIRE(fixture.open(fixture.bob));
    fixture.clock.advance(days{4});
    auto const second = fixture.open(fixture.alice);
    CHECK(ids_of(fixture.listed(fixture.alice.account())) == ids{first->id(), second->id()});
    fixture.clock.advance(days{4});
    CHECK(ids_of(fixture.listed(fixture.alice.account())) == ids{second->id()});
}

TEST_CASE("the list has the latest use and address before they are written")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    fixture.clock.advance(1h);
    REQUIRE(fixture.resume_from("198.51.100.1", opened->token()));
    auto const listed = fixture.listed(fixture.alice.account());
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].last_used_at == fixture.clock.now());
    CHECK(listed[0].address == "198.51.100.1");
    CHECK(fixture.sessions.touches == 0);
}

TEST_CASE("a revoked session is over and the others stay")
{
    registry_fixture fixture;
    auto const first = fixture.open(fixture.alice);
    auto const second = fixture.open(fixture.alice);
    REQUIRE(testing::run(fixture.io, fixture.registry->revoke(fixture.alice.account(), first->id())));
    CHECK(code_of(fixture.resume(first->token())) == code::invalid_token);
    CHECK(fixture.resume(second->token()));
}

TEST_CASE("a session of another account cannot be revoked")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    auto const refused = testing::run(fixture.io, fixture.registry->revoke(fixture.bob.account(), opened->id()));
    CHECK(code_of(refused) == code::not_found);
    CHECK(fixture.resume(opened->token()));
}

TEST_CASE("all sessions of an account can be ended at once")
{
    registry_fixture fixture;
    auto const first = fixture.open(fixture.alice);
    auto const second = fixture.open(fixture.alice);
    auto const others = fixture.open(fixture.bob);
    REQUIRE(testing::run(fixture.io, fixture.registry->revoke_all(fixture.alice.account())));
    CHECK_FALSE(fixture.resume(first->token()));
    CHECK_FALSE(fixture.resume(second->token()));
    CHECK(fixture.resume(others->token()));
}

TEST_CASE("an ended session is recorded before the watch is called")
{
    registry_fixture fixture;
    ids notified;
    bool recorded_first = true;
    fixture.registry->watch({[&](std::span<detail::store::ended_session const> ended) {
        for (auto const& each : ended) {
            recorded_first = recorded_first && fixture.registry->has_ended(each.id);
            notified.push_back(each.id);
        }
    }});
    auto const first = fixture.open(fixture.alice);
    auto const second = fixture.open(fixture.alice);
    CHECK_FALSE(fixture.registry->has_ended(first->id()));
    REQUIRE(testing::run(fixture.io, fixture.registry->revoke(fixture.alice.account(), first->id())));
    CHECK(notified == ids{first->id()});
    CHECK(recorded_first);
    CHECK(fixture.registry->has_ended(first->id()));
    CHECK_FALSE(fixture.registry->has_ended(second->id()));
}

TEST_CASE("an ended session is recorded without a watch")
{
    registry_fixture fixture;
    int notified = 0;
    fixture.registry->watch({[&](std::span<detail::store::ended_session const>) { ++notified; }});
    fixture.registry->watch({});
    auto const opened = fixture.open(fixture.alice);
    REQUIRE(testing::run(fixture.io, fixture.registry->revoke_all(fixture.alice.account())));
    CHECK(notified == 0);
    CHECK(fixture.registry->has_ended(opened->id()));
}

TEST_CASE("a partitioned registry opens and resumes no session")
{
    registry_fixture fixture;
    std::vector<std::string> reports;
    detail::store::session_watch calls;
    calls.on_partitioned = [&] { reports.emplace_back("partitioned"); };
    calls.on_rejoined = [&] { reports.emplace_back("rejoined"); };
    fixture.registry->watch(std::move(calls));
    auto const opened = fixture.open(fixture.alice);
    auto const account = fixture.pending("Carol");
    fixture.store.set_partitioned(true);
    CHECK(fixture.registry->is_partitioned());
    CHECK(fixture.resume(opened->token()).error().code == code::unavailable);
    CHECK(fixture.open(fixture.alice).error().code == code::unavailable);
    auto const registered = testing::run(
        fixture.io, fixture.registry->open(account, fixture.client_address, registry_fixture::transport::tls));
    CHECK(registered.error().code == code::unavailable);
    CHECK_FALSE(fixture.registry->has_ended(opened->id()));
    fixture.store.set_partitioned(false);
    CHECK(fixture.resume(opened->token()));
    CHECK(fixture.listed(fixture.alice.account()).size() == 1);
    CHECK(reports == std::vector<std::string>{"partitioned", "rejoined"});
}

TEST_CASE("a destroyed registry removes its watch")
{
    registry_fixture fixture;
    int notified = 0;
    fixture.registry->watch({[&](std::span<detail::store::ended_session const>) { ++notified; }});
    REQUIRE(fixture.open(fixture.alice));
    fixture.registry.reset();
    REQUIRE(testing::run(fixture.io, fixture.store.ports().sessions.end_all(fixture.alice.account())));
    CHECK(notified == 0);
}

TEST_CASE("a session with a live connection does not idle out")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    auto const idle = fixture.open(fixture.alice);
    for (int day = 1; day <= 20; ++day) {
        fixture.clock.advance(days{1});
        fixture.registry->record_activity(std::array{opened->id()});
        testing::run(fixture.io, fixture.registry->prune());
    }
    CHECK(fixture.is_stored(*opened));
    CHECK_FALSE(fixture.is_stored(*idle));
    CHECK(fixture.resume(opened->token()));
}

TEST_CASE("activity is written in one batch and once")
{
    registry_fixture fixture;
    auto const first = fixture.open(fixture.alice);
    auto const second = fixture.open(fixture.bob);
    fixture.clock.advance(1h);
    fixture.registry->record_activity(std::array{first->id(), second->id()});
    fixture.registry->record_activity(std::array{first->id()});
    testing::run(fixture.io, fixture.registry->write_activity());
    testing::run(fixture.io, fixture.registry->write_activity());
    CHECK(fixture.sessions.touches == 1);
    CHECK(fixture.listed(fixture.alice.account())[0].last_used_at == fixture.clock.now());
    CHECK(fixture.listed(fixture.alice.account())[0].address == "192.0.2.7");
}

TEST_CASE("a session whose end was not reported ends when its use is written")
{
    registry_fixture fixture;
    ids notified;
    fixture.registry->watch({[&](std::span<detail::store::ended_session const> ended) {
        for (auto const& each : ended) notified.push_back(each.id);
    }});
    auto const live = fixture.open(fixture.alice);
    auto const revoked = fixture.open(fixture.alice);
    auto& stored = fixture.store.ports().sessions;
    stored.watch({});  // from here on the store reports nothing
    REQUIRE(testing::run(fixture.io, stored.end(fixture.alice.account(), revoked->id())));
    fixture.registry->record_activity(std::array{live->id(), revoked->id()});
    CHECK(notified.empty());
    testing::run(fixture.io, fixture.registry->write_activity());
    CHECK(notified == ids{revoked->id()});
    CHECK(fixture.registry->has_ended(revoked->id()));
    CHECK_FALSE(fixture.registry->has_ended(live->id()));
    auto const lines = fixture.log.events("session_ended");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].field("cause") == "no_longer_valid");
    testing::run(fixture.io, fixture.registry->write_activity());
    CHECK(fixture.sessions.touches == 1);
}

TEST_CASE("a session whose end was reported is logged once although its use is written later")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    fixture.registry->record_activity(std::array{opened->id()});
    REQUIRE(testing::run(fixture.io, fixture.registry->revoke(fixture.alice.account(), opened->id())));
    testing::run(fixture.io, fixture.registry->write_activity());
    CHECK(fixture.sessions.touches == 1);
    auto const lines = fixture.log.events("session_ended");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].field("cause") == "revoked");
}

TEST_CASE("activity that could not be written is kept for the next time")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    fixture.clock.advance(days{6});
    fixture.registry->record_activity(std::array{opened->id()});
    auto const used_at = fixture.clock.now();
    fixture.sessions.broken = {"touch"};
    testing::run(fixture.io, fixture.registry->write_activity());
    CHECK(fixture.log.count("session_uses_not_written") == 1);
    fixture.sessions.broken = {};
    testing::run(fixture.io, fixture.registry->write_activity());
    auto const stored = testing::run(
        fixture.io, fixture.store.ports().sessions.list(fixture.alice.account(), used_at, used_at - days{7}));
    CHECK(stored->at(0).last_used_at == used_at);
}

TEST_CASE("a session whose activity could not be written is not pruned")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    fixture.clock.advance(days{8});
    fixture.registry->record_activity(std::array{opened->id()});
    fixture.sessions.broken = {"touch"};
    testing::run(fixture.io, fixture.registry->prune());
    CHECK(fixture.is_stored(*opened));
}

TEST_CASE("expired sessions are pruned and recorded as ended")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    fixture.clock.advance(days{7} - 1s);
    testing::run(fixture.io, fixture.registry->prune());
    CHECK(fixture.is_stored(*opened));
    fixture.clock.advance(1s);
    testing::run(fixture.io, fixture.registry->prune());
    CHECK_FALSE(fixture.is_stored(*opened));
    CHECK(fixture.registry->has_ended(opened->id()));
    CHECK(fixture.log.events("sessions_pruned").at(0).field("count") == "1");
}

TEST_CASE("when the store is unavailable the requests of an account are too")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    auto const account = fixture.alice.account();
    fixture.sessions.broken = {"list", "end", "end_all", "prune"};
    CHECK(code_of(testing::run(fixture.io, fixture.registry->list(account))) == code::unavailable);
    CHECK(code_of(testing::run(fixture.io, fixture.registry->revoke(account, opened->id()))) == code::unavailable);
    CHECK(code_of(testing::run(fixture.io, fixture.registry->revoke_all(account))) == code::unavailable);
    testing::run(fixture.io, fixture.registry->prune());
    CHECK(fixture.log.count("sessions_not_pruned") == 1);
    CHECK(fixture.resume(opened->token()));
}
