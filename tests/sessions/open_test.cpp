#include "sessions/registry_fixture.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;
using namespace std::chrono_literals;
using testing::code_of;
using testing::registry_fixture;

TEST_CASE("an opened session has a token that resumes it")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    REQUIRE(opened);
    CHECK(opened->name() == "Alice");
    CHECK(opened->account() == fixture.alice.account());
    CHECK(opened->token().view().starts_with("prt_"));
    CHECK(opened->expires_at() == fixture.clock.now() + std::chrono::days{30});

    auto const resumed = fixture.resume(opened->token());
    REQUIRE(resumed);
    CHECK(resumed->id() == opened->id());
    CHECK(resumed->name() == "Alice");
    CHECK(resumed->account() == fixture.alice.account());
    CHECK(resumed->expires_at() == opened->expires_at());
    CHECK(resumed->token().empty());
}

TEST_CASE("a session has the time of the login before it and the failures since")
{
    registry_fixture fixture;
    auto const first = fixture.open(fixture.alice);
    REQUIRE(first);
    CHECK_FALSE(first->history().last_login_at);
    CHECK(first->history().last_address.empty());
    CHECK(first->history().failed_since == 0);

    auto const login_at = fixture.clock.now();
    fixture.clock.advance(1h);
    CHECK_FALSE(
        testing::run(fixture.io, fixture.verifier.login("Alice", base::secret{"wrong horse"}, fixture.client_address)));
    auto const again = testing::run(
        fixture.io, fixture.verifier.login("Alice", base::secret{"correct horse"}, fixture.client_address));
    REQUIRE(again);
    auto const second = fixture.open(*again);
    REQUIRE(second);
    CHECK(second->history().last_login_at == login_at);
    CHECK(second->history().last_address == "192.0.2.7");
    CHECK(second->history().failed_since == 1);
}

TEST_CASE("a resume returns the history and resets nothing")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    REQUIRE(opened);
    CHECK_FALSE(
        testing::run(fixture.io, fixture.verifier.login("Alice", base::secret{"wrong horse"}, fixture.client_address)));
    for (int times = 0; times < 2; ++times) {
        auto const resumed = fixture.resume(opened->token());
        REQUIRE(resumed);
        CHECK(resumed->history().failed_since == 1);
        CHECK(resumed->history().last_login_at == fixture.clock.now());
        CHECK(resumed->history().last_address == "192.0.2.7");
    }
}

TEST_CASE("a session is not opened when the password was changed after it was verified")
{
    registry_fixture fixture;
    auto const proof = testing::run(
        fixture.io, fixture.verifier.login("Alice", base::secret{"correct horse"}, fixture.client_address));
    REQUIRE(proof);
    auto change = fixture.verifier.change_password(fixture.alice.account(), base::secret{"correct horse"},
                                                   base::secret{"better horse"}, 0, fixture.client_address);
    REQUIRE(testing::run(fixture.io, std::move(change)));
    auto const failed = fixture.attempts.failed;
    auto const rolled_back = fixture.attempts.rolled_back;
    CHECK(code_of(fixture.open(*proof)) == code::bad_credentials);
    CHECK(fixture.listed(fixture.alice.account()).empty());
    CHECK(fixture.attempts.failed == failed + 1);  // promise P2: the password is wrong by now
    CHECK(fixture.attempts.rolled_back == rolled_back);
}

TEST_CASE("a session is not opened when the account was disabled after the login")
{
    registry_fixture fixture;
    fixture.sessions.disabled = true;
    CHECK(code_of(fixture.open(fixture.alice)) == code::bad_credentials);
}

TEST_CASE("a session beyond the limit ends the oldest one of the account")
{
    registry_fixture fixture{sessions::options{.max_per_account = 2}};
    auto const first = fixture.open(fixture.alice);
    auto const others = fixture.open(fixture.bob);
    fixture.clock.advance(1s);
    auto const second = fixture.open(fixture.alice);
    fixture.clock.advance(1s);
    auto const third = fixture.open(fixture.alice);
    CHECK(code_of(fixture.resume(first->token())) == code::invalid_token);
    CHECK(fixture.resume(second->token()));
    CHECK(fixture.resume(third->token()));
    CHECK(fixture.resume(others->token()));
    CHECK(fixture.registry->has_ended(first->id()));
}

TEST_CASE("replaced options hold for later sessions and the idle lifetime for all")
{
    registry_fixture fixture;
    auto const first = fixture.open(fixture.alice);
    fixture.registry->set_options({.ttl = 3600s, .idle_ttl = 60s, .max_per_account = 1});
    fixture.clock.advance(1s);
    auto const others = fixture.open(fixture.bob);
    CHECK(others->expires_at() == fixture.clock.now() + 3600s);
    auto const second = fixture.open(fixture.alice);
    CHECK(fixture.registry->has_ended(first->id()));
    fixture.clock.advance(61s);
    CHECK(code_of(fixture.resume(others->token())) == code::invalid_token);
    CHECK(code_of(fixture.resume(second->token())) == code::invalid_token);
}

TEST_CASE("a probe reads and writes and an error is an answer")
{
    registry_fixture fixture;
    testing::run(fixture.io, fixture.registry->probe());
    CHECK(fixture.sessions.touches == 1);
    fixture.sessions.broken = {"touch", "ended_between"};
    testing::run(fixture.io, fixture.registry->probe());
    CHECK(fixture.sessions.touches == 2);
}

TEST_CASE("when the store is unavailable so is opening a session")
{
    registry_fixture fixture;
    fixture.sessions.broken = {"open"};
    CHECK(code_of(fixture.open(fixture.alice)) == code::unavailable);
}

TEST_CASE("opened and resumed sessions are logged with address and id and never with the token")
{
    registry_fixture fixture;
    auto const opened = fixture.open(fixture.alice);
    REQUIRE(opened);
    REQUIRE(fixture.resume(opened->token()));
    CHECK_FALSE(fixture.resume(base::secret{"prt_canary"}));
    REQUIRE(testing::run(fixture.io, fixture.registry->revoke(opened->account(), opened->id())));
    CHECK_FALSE(fixture.resume(opened->token()));
    for (auto const* name : {"session_opened", "session_resumed"}) {
        auto const events = fixture.log.events(name);
        REQUIRE(events.size() == 1);
        CHECK(events[0].level == log::level::info);
        CHECK(events[0].fields[0] == std::pair<std::string, std::string>{"address", "192.0.2.7"});
        CHECK(events[0].field("session") == std::to_string(opened->id()));
        CHECK(events[0].field("name") == "Alice");
    }
    CHECK(fixture.log.events("session_ended").at(0).field("session") == std::to_string(opened->id()));
    CHECK(fixture.log.count("resume_denied") == 2);
    CHECK_FALSE(fixture.log.mentions("prt_"));
    CHECK_FALSE(fixture.log.mentions(opened->token().view().substr(4)));
}

TEST_CASE("a new account and its first session are added together")
{
    registry_fixture fixture;
    auto const carol = fixture.pending("Carol");
    auto const opened = testing::run(
        fixture.io, fixture.registry->open(carol, fixture.client_address, detail::store::transport::plain));
    REQUIRE(opened);
    CHECK(opened->name() == "Carol");
    CHECK(fixture.resume(opened->token())->account() == opened->account());
    auto const events = fixture.log.events("registered");
    REQUIRE(events.size() == 1);
    CHECK(events[0].fields[0] == std::pair<std::string, std::string>{"address", "192.0.2.7"});
    CHECK(events[0].field("name") == "Carol");
}

TEST_CASE("a registration that was unavailable succeeds under the same name later")
{
    registry_fixture fixture;
    auto const carol = fixture.pending("Carol");
    fixture.sessions.broken = {"open", "open_first"};
    auto const refused = testing::run(
        fixture.io, fixture.registry->open(carol, fixture.client_address, detail::store::transport::plain));
    CHECK(code_of(refused) == code::unavailable);
    fixture.sessions.broken = {};
    CHECK(testing::run(fixture.io,
                       fixture.registry->open(carol, fixture.client_address, detail::store::transport::plain)));
}

TEST_CASE("of two registrations of one name the later is denied as name_taken")
{
    registry_fixture fixture;
    auto const first = fixture.pending("Carol");
    auto const second = fixture.pending("CAROL");
    REQUIRE(testing::run(fixture.io,
                         fixture.registry->open(first, fixture.client_address, detail::store::transport::plain)));
    auto const failed = fixture.attempts.failed;
    auto const rolled_back = fixture.attempts.rolled_back;
    auto const refused = testing::run(
        fixture.io, fixture.registry->open(second, fixture.client_address, detail::store::transport::plain));
    CHECK(code_of(refused) == code::name_taken);
    CHECK(fixture.attempts.failed == failed + 1);  // promise P2: name_taken counts as a failed attempt
    CHECK(fixture.attempts.rolled_back == rolled_back);
    CHECK(fixture.log.events("register_denied").back().field("code") == "name_taken");
}

// Promise P2.
TEST_CASE("a session that the store does not open does not count as a failed attempt")
{
    registry_fixture fixture;
    for (int i = 0; i < 30; ++i) {
        auto const proved = testing::run(
            fixture.io, fixture.verifier.login("Alice", base::secret{"correct horse"}, fixture.client_address));
        REQUIRE(proved);
        fixture.sessions.broken = {"open"};
        CHECK(code_of(fixture.open(*proved)) == code::unavailable);
        fixture.sessions.broken = {};
    }
    fixture.sessions.broken = {"open_first"};
    for (int i = 0; i < 30; ++i) {
        auto const carol = testing::run(
            fixture.io,
            fixture.verifier.register_account("Carol", base::secret{"correct horse"}, fixture.client_address));
        REQUIRE(carol);
        auto const opened = testing::run(
            fixture.io, fixture.registry->open(*carol, fixture.client_address, detail::store::transport::plain));
        CHECK(code_of(opened) == code::unavailable);
    }
    fixture.sessions.broken = {};
    CHECK(testing::run(fixture.io, fixture.registry->open(fixture.pending("Dave"), fixture.client_address,
                                                          detail::store::transport::plain)));
}
