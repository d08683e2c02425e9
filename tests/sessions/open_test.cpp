#include "sessions/registry_fixture.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::rooms;
using namespace std::chrono_literals;
using testing::refusal_of;
using testing::registry_fixture;

TEST_CASE("an opened session has a token that resumes it")
{
    registry_fixture house;
    auto const opened = house.open(house.alice);
    REQUIRE(opened);
    CHECK(opened->name() == "Alice");
    CHECK(opened->account() == house.alice.account());
    CHECK(opened->token().view().starts_with("prt_"));
    CHECK(opened->expires_at() == house.clock.now() + std::chrono::days{30});

    auto const resumed = house.resume(opened->token());
    REQUIRE(resumed);
    CHECK(resumed->id() == opened->id());
    CHECK(resumed->name() == "Alice");
    CHECK(resumed->account() == house.alice.account());
    CHECK(resumed->expires_at() == opened->expires_at());
    CHECK(resumed->token().empty());
}

TEST_CASE("a session shows the login before it and the failures since")
{
    registry_fixture house;
    auto const first = house.open(house.alice);
    REQUIRE(first);
    CHECK_FALSE(first->before().last_login_at);
    CHECK(first->before().last_address.empty());
    CHECK(first->before().failed_since == 0);

    auto const login_at = house.clock.now();
    house.clock.advance(1h);
    CHECK_FALSE(testing::run(house.io, house.verifier.login("Alice", base::secret{"wrong horse"}, house.here)));
    auto const again = testing::run(house.io, house.verifier.login("Alice", base::secret{"correct horse"}, house.here));
    REQUIRE(again);
    auto const second = house.open(*again);
    REQUIRE(second);
    CHECK(second->before().last_login_at == login_at);
    CHECK(second->before().last_address == "192.0.2.7");
    CHECK(second->before().failed_since == 1);
}

TEST_CASE("a resume shows the history and resets nothing")
{
    registry_fixture house;
    auto const opened = house.open(house.alice);
    REQUIRE(opened);
    CHECK_FALSE(testing::run(house.io, house.verifier.login("Alice", base::secret{"wrong horse"}, house.here)));
    for (int times = 0; times < 2; ++times) {
        auto const resumed = house.resume(opened->token());
        REQUIRE(resumed);
        CHECK(resumed->before().failed_since == 1);
        CHECK(resumed->before().last_login_at == house.clock.now());
        CHECK(resumed->before().last_address == "192.0.2.7");
    }
}

TEST_CASE("a session is not opened when the password was changed after it was proved")
{
    registry_fixture house;
    auto const proof = testing::run(house.io, house.verifier.login("Alice", base::secret{"correct horse"}, house.here));
    REQUIRE(proof);
    auto change = house.verifier.change_password(house.alice.account(), base::secret{"correct horse"},
                                                 base::secret{"better horse"}, 0, house.here);
    REQUIRE(testing::run(house.io, std::move(change)));
    auto const failed = house.tries.failed;
    auto const given_back = house.tries.given_back;
    CHECK(refusal_of(house.open(*proof)) == code::bad_credentials);
    CHECK(house.listed(house.alice.account()).empty());
    CHECK(house.tries.failed == failed + 1);  // promise P2: it was a wrong password after all
    CHECK(house.tries.given_back == given_back);
}

TEST_CASE("a session is not opened when the account was disabled after it was proved")
{
    registry_fixture house;
    house.sessions.disabled = true;
    CHECK(refusal_of(house.open(house.alice)) == code::bad_credentials);
}

TEST_CASE("one session too many ends the oldest of the account")
{
    registry_fixture house{sessions::options{.max_per_account = 2}};
    auto const first = house.open(house.alice);
    auto const others = house.open(house.bob);
    house.clock.advance(1s);
    auto const second = house.open(house.alice);
    house.clock.advance(1s);
    auto const third = house.open(house.alice);
    CHECK(refusal_of(house.resume(first->token())) == code::invalid_token);
    CHECK(house.resume(second->token()));
    CHECK(house.resume(third->token()));
    CHECK(house.resume(others->token()));
    CHECK(house.registry->has_ended(first->id()));
}

TEST_CASE("when the store is down opening is unavailable")
{
    registry_fixture house;
    house.sessions.broken = {"open"};
    CHECK(refusal_of(house.open(house.alice)) == code::unavailable);
}

TEST_CASE("openings and resumes are logged by address and id and never by token")
{
    registry_fixture house;
    auto const opened = house.open(house.alice);
    REQUIRE(opened);
    REQUIRE(house.resume(opened->token()));
    CHECK_FALSE(house.resume(base::secret{"prt_canary"}));
    REQUIRE(testing::run(house.io, house.registry->revoke(opened->account(), opened->id())));
    CHECK_FALSE(house.resume(opened->token()));
    for (auto const* name : {"session_opened", "session_resumed"}) {
        auto const events = house.log.events(name);
        REQUIRE(events.size() == 1);
        CHECK(events[0].severity == log::level::info);
        CHECK(events[0].fields[0] == std::pair<std::string, std::string>{"address", "192.0.2.7"});
        CHECK(events[0].field("session") == std::to_string(opened->id()));
        CHECK(events[0].field("name") == "Alice");
    }
    CHECK(house.log.events("session_ended").at(0).field("session") == std::to_string(opened->id()));
    CHECK(house.log.count("resume_denied") == 2);
    CHECK_FALSE(house.log.mentions("prt_"));
    CHECK_FALSE(house.log.mentions(opened->token().view().substr(4)));
}

TEST_CASE("a newcomer's account and first session are made as one")
{
    registry_fixture house;
    auto const carol = house.accepted("Carol");
    auto const opened = testing::run(house.io, house.registry->open(carol, house.here, store::transport::plain));
    REQUIRE(opened);
    CHECK(opened->name() == "Carol");
    CHECK(house.resume(opened->token())->account() == opened->account());
    auto const events = house.log.events("registered");
    REQUIRE(events.size() == 1);
    CHECK(events[0].fields[0] == std::pair<std::string, std::string>{"address", "192.0.2.7"});
    CHECK(events[0].field("name") == "Carol");
}

TEST_CASE("who hears that the store is down may register again under the same name")
{
    registry_fixture house;
    auto const carol = house.accepted("Carol");
    house.sessions.broken = {"open", "open_first"};
    auto const refused = testing::run(house.io, house.registry->open(carol, house.here, store::transport::plain));
    CHECK(refusal_of(refused) == code::unavailable);
    house.sessions.broken = {};
    CHECK(testing::run(house.io, house.registry->open(carol, house.here, store::transport::plain)));
}

TEST_CASE("of two newcomers with one name the later is told that it is taken")
{
    registry_fixture house;
    auto const first = house.accepted("Carol");
    auto const second = house.accepted("CAROL");
    REQUIRE(testing::run(house.io, house.registry->open(first, house.here, store::transport::plain)));
    auto const failed = house.tries.failed;
    auto const given_back = house.tries.given_back;
    auto const refused = testing::run(house.io, house.registry->open(second, house.here, store::transport::plain));
    CHECK(refusal_of(refused) == code::name_taken);
    CHECK(house.tries.failed == failed + 1);  // promise P2: to hear that a name is taken counts
    CHECK(house.tries.given_back == given_back);
    CHECK(house.log.events("register_denied").back().field("code") == "name_taken");
}

// Promise P2.
TEST_CASE("a session that the store does not open costs its visitor no try")
{
    registry_fixture house;
    for (int i = 0; i < 30; ++i) {
        auto const proved =
            testing::run(house.io, house.verifier.login("Alice", base::secret{"correct horse"}, house.here));
        REQUIRE(proved);
        house.sessions.broken = {"open"};
        CHECK(refusal_of(house.open(*proved)) == code::unavailable);
        house.sessions.broken = {};
    }
    house.sessions.broken = {"open_first"};
    for (int i = 0; i < 30; ++i) {
        auto const carol =
            testing::run(house.io, house.verifier.register_account("Carol", base::secret{"correct horse"}, house.here));
        REQUIRE(carol);
        auto const opened = testing::run(house.io, house.registry->open(*carol, house.here, store::transport::plain));
        CHECK(refusal_of(opened) == code::unavailable);
    }
    house.sessions.broken = {};
    CHECK(testing::run(house.io, house.registry->open(house.accepted("Dave"), house.here, store::transport::plain)));
}
