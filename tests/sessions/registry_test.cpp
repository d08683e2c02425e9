#include "sessions/registry.hpp"

#include "sessions/registry_fixture.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::rooms;
using namespace std::chrono_literals;
using std::chrono::days;
using testing::refusal_of;
using testing::registry_fixture;

namespace {

using ids = std::vector<store::session_id>;

ids ids_of(std::vector<store::session> const& sessions)
{
    ids all;
    for (auto const& each : sessions) all.push_back(each.id);
    return all;
}

}  // namespace

TEST_CASE("an account's live sessions are listed oldest first and nobody else's")
{
    registry_fixture house;
    auto const first = house.open(house.alice);
    REQUIRE(house.open(house.bob));
    house.clock.advance(days{4});
    auto const second = house.open(house.alice);
    CHECK(ids_of(house.listed(house.alice.account())) == ids{first->id(), second->id()});
    house.clock.advance(days{4});
    CHECK(ids_of(house.listed(house.alice.account())) == ids{second->id()});
}

TEST_CASE("the list shows the latest use and address before they are written")
{
    registry_fixture house;
    auto const opened = house.open(house.alice);
    house.clock.advance(1h);
    REQUIRE(house.resume_from("198.51.100.1", opened->token()));
    auto const listed = house.listed(house.alice.account());
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].last_used_at == house.clock.now());
    CHECK(listed[0].address == "198.51.100.1");
    CHECK(house.sessions.touches == 0);
}

TEST_CASE("a revoked session is over and the others stay")
{
    registry_fixture house;
    auto const first = house.open(house.alice);
    auto const second = house.open(house.alice);
    REQUIRE(testing::run(house.io, house.registry->revoke(house.alice.account(), first->id())));
    CHECK(refusal_of(house.resume(first->token())) == code::invalid_token);
    CHECK(house.resume(second->token()));
}

TEST_CASE("nobody revokes a session of another account")
{
    registry_fixture house;
    auto const opened = house.open(house.alice);
    auto const refused = testing::run(house.io, house.registry->revoke(house.bob.account(), opened->id()));
    CHECK(refusal_of(refused) == code::not_found);
    CHECK(house.resume(opened->token()));
}

TEST_CASE("all sessions of an account can be ended at once")
{
    registry_fixture house;
    auto const first = house.open(house.alice);
    auto const second = house.open(house.alice);
    auto const others = house.open(house.bob);
    REQUIRE(testing::run(house.io, house.registry->revoke_all(house.alice.account())));
    CHECK_FALSE(house.resume(first->token()));
    CHECK_FALSE(house.resume(second->token()));
    CHECK(house.resume(others->token()));
}

TEST_CASE("endings are known before they are told")
{
    registry_fixture house;
    ids told;
    bool known_when_told = true;
    house.registry->watch({[&](std::span<store::ended_session const> ended) {
        for (auto const& each : ended) {
            known_when_told = known_when_told && house.registry->has_ended(each.id);
            told.push_back(each.id);
        }
    }});
    auto const first = house.open(house.alice);
    auto const second = house.open(house.alice);
    CHECK_FALSE(house.registry->has_ended(first->id()));
    REQUIRE(testing::run(house.io, house.registry->revoke(house.alice.account(), first->id())));
    CHECK(told == ids{first->id()});
    CHECK(known_when_told);
    CHECK(house.registry->has_ended(first->id()));
    CHECK_FALSE(house.registry->has_ended(second->id()));
}

TEST_CASE("endings are known without anybody to tell")
{
    registry_fixture house;
    int told = 0;
    house.registry->watch({[&](std::span<store::ended_session const>) { ++told; }});
    house.registry->watch({});
    auto const opened = house.open(house.alice);
    REQUIRE(testing::run(house.io, house.registry->revoke_all(house.alice.account())));
    CHECK(told == 0);
    CHECK(house.registry->has_ended(opened->id()));
}

TEST_CASE("a registry that ends takes its watcher away")
{
    registry_fixture house;
    int told = 0;
    house.registry->watch({[&](std::span<store::ended_session const>) { ++told; }});
    REQUIRE(house.open(house.alice));
    house.registry.reset();
    REQUIRE(testing::run(house.io, house.store.ports().sessions.end_all(house.alice.account())));
    CHECK(told == 0);
}

TEST_CASE("a session with a live connection does not idle out")
{
    registry_fixture house;
    auto const opened = house.open(house.alice);
    auto const idle = house.open(house.alice);
    for (int day = 1; day <= 20; ++day) {
        house.clock.advance(days{1});
        house.registry->note_uses(std::array{opened->id()});
        testing::run(house.io, house.registry->prune());
    }
    CHECK(house.is_stored(*opened));
    CHECK_FALSE(house.is_stored(*idle));
    CHECK(house.resume(opened->token()));
}

TEST_CASE("uses are written in one batch and once")
{
    registry_fixture house;
    auto const first = house.open(house.alice);
    auto const second = house.open(house.bob);
    house.clock.advance(1h);
    house.registry->note_uses(std::array{first->id(), second->id()});
    house.registry->note_uses(std::array{first->id()});
    testing::run(house.io, house.registry->write_uses());
    testing::run(house.io, house.registry->write_uses());
    CHECK(house.sessions.touches == 1);
    CHECK(house.listed(house.alice.account())[0].last_used_at == house.clock.now());
    CHECK(house.listed(house.alice.account())[0].address == "192.0.2.7");
}

TEST_CASE("uses that could not be written are kept for the next time")
{
    registry_fixture house;
    auto const opened = house.open(house.alice);
    house.clock.advance(days{6});
    house.registry->note_uses(std::array{opened->id()});
    auto const used_at = house.clock.now();
    house.sessions.broken = {"touch"};
    testing::run(house.io, house.registry->write_uses());
    CHECK(house.log.count("session_uses_not_written") == 1);
    house.sessions.broken = {};
    testing::run(house.io, house.registry->write_uses());
    auto const stored =
        testing::run(house.io, house.store.ports().sessions.list(house.alice.account(), used_at, used_at - days{7}));
    CHECK(stored->at(0).last_used_at == used_at);
}

TEST_CASE("a session whose use could not be written is not pruned")
{
    registry_fixture house;
    auto const opened = house.open(house.alice);
    house.clock.advance(days{8});
    house.registry->note_uses(std::array{opened->id()});
    house.sessions.broken = {"touch"};
    testing::run(house.io, house.registry->prune());
    CHECK(house.is_stored(*opened));
}

TEST_CASE("expired sessions are pruned and told as ended")
{
    registry_fixture house;
    auto const opened = house.open(house.alice);
    house.clock.advance(days{7} - 1s);
    testing::run(house.io, house.registry->prune());
    CHECK(house.is_stored(*opened));
    house.clock.advance(1s);
    testing::run(house.io, house.registry->prune());
    CHECK_FALSE(house.is_stored(*opened));
    CHECK(house.registry->has_ended(opened->id()));
    CHECK(house.log.events("sessions_pruned").at(0).field("count") == "1");
}

TEST_CASE("when the store is down the requests of an account are unavailable")
{
    registry_fixture house;
    auto const opened = house.open(house.alice);
    auto const account = house.alice.account();
    house.sessions.broken = {"list", "end", "end_all", "prune"};
    CHECK(refusal_of(testing::run(house.io, house.registry->list(account))) == code::unavailable);
    CHECK(refusal_of(testing::run(house.io, house.registry->revoke(account, opened->id()))) == code::unavailable);
    CHECK(refusal_of(testing::run(house.io, house.registry->revoke_all(account))) == code::unavailable);
    testing::run(house.io, house.registry->prune());
    CHECK(house.log.count("sessions_not_pruned") == 1);
    CHECK(house.resume(opened->token()));
}
