#include "auth/verifier_fixture.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;
using namespace std::chrono_literals;
using testing::code_of;
using testing::verifier_fixture;

TEST_CASE("a registration returns an account under the name as typed")
{
    verifier_fixture fixture;
    auto const made = fixture.register_account("Zoe\u0308", "correct horse");
    REQUIRE(made);
    CHECK(made->name == "Zo\u00eb");
    CHECK(made->id > 0);
    auto const stored = fixture.stored("zo\u00eb");
    CHECK(stored.id == made->id);
    CHECK(stored.credential_version == made->credential_version);
    CHECK(stored.created_at == fixture.clock.now());
}

TEST_CASE("a name that is taken in another spelling is denied without a hash")
{
    verifier_fixture fixture;
    REQUIRE(fixture.register_account("Alice", "correct horse"));
    auto const before = fixture.hashes.all();
    CHECK(code_of(fixture.register_account("ALICE", "another horse")) == code::name_taken);
    CHECK(fixture.hashes.all() == before);
}

TEST_CASE("a registration checks closed registration and name and password and taken names in that order")
{
    verifier_fixture closed{auth::options{.registration = registration_mode::closed}};
    CHECK(code_of(closed.register_account("", "short")) == code::registration_closed);
    CHECK(closed.hashes.made == 1);  // measured at the start

    verifier_fixture fixture;
    REQUIRE(fixture.register_account("Alexandra", "correct horse"));
    CHECK(code_of(fixture.register_account(" Alexandra", "short")) == code::invalid_name);
    CHECK(code_of(fixture.register_account("Alexandra", "short")) == code::weak_password);
    CHECK(code_of(fixture.register_account("Alexandra", "alexandra")) == code::weak_password);
    CHECK(code_of(fixture.register_account("Alexandra", "correct horse")) == code::name_taken);
}

TEST_CASE("replaced options and limits hold for later registrations")
{
    verifier_fixture fixture;
    fixture.verifier.set_options({.registration = registration_mode::open, .min_password_length = 14});
    CHECK(code_of(fixture.register_account("Alice", "correct horse")) == code::weak_password);
    fixture.verifier.set_options({.registration = registration_mode::closed});
    CHECK(code_of(fixture.register_account("Alice", "correct horse")) == code::registration_closed);
    fixture.verifier.set_options({});
    CHECK(fixture.register_account("Alice", "correct horse"));
    fixture.throttle.set_max_registrations(1);
    CHECK(testing::run(fixture.io, fixture.throttle.begin_registration(fixture.client_address)));
    // The first one is pending and takes the only place.
    CHECK(code_of(testing::run(fixture.io, fixture.throttle.begin_registration(fixture.client_address))) == code::busy);
}

TEST_CASE("a denied registration names the rule")
{
    verifier_fixture fixture{auth::options{.min_password_length = 12}};
    CHECK(fixture.register_account("a  b", "correct horse").error().reason ==
          "a name may not contain two spaces in a row");
    CHECK(fixture.register_account("Alice", "correct h").error().reason == "a password has at least 12 characters");
    auto const events = fixture.log.events("register_denied");
    REQUIRE(events.size() == 2);
    CHECK(events[0].field("code") == "invalid_name");
    CHECK(events[1].field("code") == "weak_password");
}

TEST_CASE("a new name whose folded form is too long is denied before anything is counted or hashed")
{
    verifier_fixture fixture;
    std::string name;
    for (int i = 0; i < 64; ++i) name += "\ufdfa";
    auto const refused = fixture.register_account(name, "correct horse");
    REQUIRE(code_of(refused) == code::invalid_name);
    CHECK(refused.error().reason.find("256 characters") != std::string::npos);
    CHECK(fixture.hashes.made == 1);  // measured at the start
}

TEST_CASE("when the store is unavailable so is a registration and no account is added")
{
    verifier_fixture fixture;
    fixture.accounts.broken = {"find"};
    CHECK(code_of(fixture.register_account("Alice", "correct horse")) == code::unavailable);
    fixture.accounts.broken = {};
    CHECK(code_of(fixture.login("Alice", "correct horse")) == code::bad_credentials);
}

TEST_CASE("name_taken counts against the address and a success does not")
{
    verifier_fixture fixture;
    REQUIRE(fixture.register_account("Alice", "correct horse"));
    for (int i = 0; i < 30; ++i) {
        CHECK(fixture.register_account("User " + std::to_string(i), "correct horse"));
        CHECK(code_of(fixture.register_account("Alice", "Alice")) == code::weak_password);
    }
    for (int i = 0; i < 20; ++i) CHECK(code_of(fixture.register_account("Alice", "correct horse")) == code::name_taken);
    auto const refused = fixture.register_account("Alice", "correct horse");
    CHECK(code_of(refused) == code::throttled);
    CHECK(refused.error().retry_after == std::chrono::minutes{10});
    CHECK(code_of(fixture.register_account("Bob", "correct horse")) == code::throttled);
    CHECK(code_of(fixture.login("Alice", "correct horse")) == code::throttled);
}

TEST_CASE("a weak password does not count as a failed attempt and costs no hash")
{
    verifier_fixture fixture;
    REQUIRE(fixture.register_account("Alice", "correct horse"));
    auto const hashes = fixture.hashes.all();
    for (int i = 0; i < 30; ++i) {
        CHECK(code_of(fixture.register_account("Alice", "password1")) == code::weak_password);
        CHECK(code_of(fixture.register_account("Bob", "password1")) == code::weak_password);
    }
    CHECK(fixture.attempts.started == 61);
    CHECK(fixture.attempts.rolled_back == 61);
    CHECK(fixture.hashes.all() == hashes);
    CHECK(fixture.register_account("Bob", "correct horse"));
}

// Promise N13.
TEST_CASE("a throttled registration is denied before its password is checked")
{
    verifier_fixture fixture;
    REQUIRE(fixture.register_account("Alice", "correct horse"));
    for (int i = 0; i < 20; ++i) {
        CHECK(code_of(fixture.register_account("Alice", "correct horse")) == code::name_taken);
    }
    CHECK(code_of(fixture.register_account("Bob", "password1")) == code::throttled);
    CHECK(code_of(fixture.register_account("Bob", "short")) == code::weak_password);
}

// Promise N13.
TEST_CASE("a registration that cannot be counted is unavailable before its password is checked")
{
    verifier_fixture fixture;
    fixture.attempts.broken = true;
    CHECK(code_of(fixture.register_account("Bob", "password1")) == code::unavailable);
}

TEST_CASE("without memory for a hash a registration is busy")
{
    verifier_fixture fixture;
    fixture.hashes.out_of_memory = true;
    auto const refused = fixture.register_account("Alice", "correct horse");
    CHECK(code_of(refused) == code::busy);
    CHECK(refused.error().retry_after.count() >= 1);
    for (int i = 0; i < 20; ++i) CHECK(code_of(fixture.register_account("Alice", "correct horse")) == code::busy);
    fixture.hashes.out_of_memory = false;
    CHECK(fixture.register_account("Alice", "correct horse"));
}

// Promise N15.
TEST_CASE("a network that used up its registrations is throttled without a hash until an hour later")
{
    verifier_fixture fixture{{}, 1};
    auto const pending = testing::run(
        fixture.io, fixture.verifier.register_account("Alice", base::secret{"correct horse"}, fixture.client_address));
    REQUIRE(pending);
    detail::store::new_session first;
    first.created_at = fixture.clock.now();
    first.address = first.network = fixture.client_address.text();
    first.attempt = pending->attempt();
    REQUIRE(testing::run(fixture.io, fixture.store.ports().sessions.open_first(pending->account(), first)));

    fixture.clock.advance(10s);
    auto const hashes = fixture.hashes.all();
    auto const refused = fixture.register_account("Bob", "correct horse");
    CHECK(code_of(refused) == code::throttled);
    CHECK(refused.error().retry_after == 3590s);
    CHECK(fixture.hashes.all() == hashes);
    CHECK(fixture.log.events("throttled").back().field("rule") == "registrations_used_up");
    CHECK(fixture.login("Alice", "correct horse"));

    fixture.clock.advance(3590s);
    CHECK(fixture.register_account("Bob", "correct horse"));
}
