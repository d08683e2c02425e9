#include "auth/verifier_fixture.hpp"
#include "base/text.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;
using testing::code_of;
using testing::verifier_fixture;

TEST_CASE("the right password verifies in every spelling of name and password")
{
    verifier_fixture fixture;
    auto const made = fixture.register_account("Zoë", "pass Zo\u00eb phrase");
    REQUIRE(made);
    auto const proved = fixture.login("ZOE\u0308", "pass Zoe\u0308 phrase");
    REQUIRE(proved);
    CHECK(proved->account() == made->id);
    CHECK(proved->name() == "Zoë");
    CHECK(proved->credential_version() == made->credential_version);
    auto const events = fixture.log.events("login");
    REQUIRE(events.size() == 1);
    CHECK(events[0].fields[0].first == "address");
    CHECK(events[0].field("name") == "Zoë");
}

// Promise P1.
TEST_CASE("an account whose name would be invalid now can still log in")
{
    verifier_fixture fixture;
    std::string name;
    for (int i = 0; i < 64; ++i) name += "\ufdfa";
    REQUIRE(fixture.register_account("Alice", "correct horse"));
    auto older = fixture.stored("alice");
    older.name = name;
    older.folded_name = base::fold_name(name);
    REQUIRE(fixture.store.add(older));
    CHECK(fixture.login(name, "correct horse"));
}

TEST_CASE("every cause of bad_credentials has the same error and costs one hash and the same work of the store")
{
    verifier_fixture fixture;
    REQUIRE(fixture.register_account("Alice", "correct horse"));
    struct attempt {
        char const* name;
        std::string password;
        bool disabled;
    };
    std::vector<attempt> const attempts{{"Unused", "correct horse", false},
                                        {"", "correct horse", false},
                                        {"impossible \n name", "correct horse", false},
                                        {"\xff", "correct horse", false},
                                        {"Alice", "wrong horse", false},
                                        {"Alice", "", false},
                                        {"Alice", "control\ncharacter", false},
                                        {"Alice", "invalid\xff", false},
                                        {"Alice", std::string(4000, 'x'), false},
                                        {"Alice", "correct horse", true},
                                        {"Alice", "wrong horse", true}};
    for (auto const& each : attempts) {
        fixture.accounts.disabled = each.disabled;
        auto const hashes = fixture.hashes.all();
        auto const lookups = fixture.accounts.lookups;
        auto const tries = fixture.attempts.started;
        auto const refused = fixture.login(each.name, each.password);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == code::bad_credentials);
        CHECK(refused.error().reason == "the name or the password is wrong");
        CHECK(refused.error().retry_after.count() == 0);
        CHECK(fixture.hashes.all() == hashes + 1);
        CHECK(fixture.accounts.lookups == lookups + 1);
        CHECK(fixture.attempts.started == tries + 1);
        fixture.clock.advance(std::chrono::minutes{1});
    }
}

TEST_CASE("an invalid password is wrong even when the stored hash is of the empty one")
{
    verifier_fixture fixture;
    auto made = detail::store::account{};
    made.name = "Root";
    made.folded_name = "root";
    made.password_hash = "plain1:";
    REQUIRE(fixture.store.add(made));
    CHECK(code_of(fixture.login("Root", "a\n")) == code::bad_credentials);
}

TEST_CASE("failed attempts at an existing account are counted and a login resets them")
{
    verifier_fixture fixture;
    REQUIRE(fixture.register_account("Alice", "correct horse"));
    CHECK_FALSE(fixture.login("Unused", "correct horse"));
    CHECK_FALSE(fixture.login("", "correct horse"));
    CHECK(fixture.stored("alice").failed_since == 0);
    CHECK_FALSE(fixture.login("alice", "wrong horse"));
    CHECK(fixture.stored("alice").failed_since == 1);
    auto const proved = fixture.login("alice", "correct horse");
    REQUIRE(proved);
    fixture.log_in(*proved, "192.0.2.7");
    CHECK(fixture.stored("alice").failed_since == 0);
}

TEST_CASE("a failed login is logged with the name only if the account exists")
{
    verifier_fixture fixture;
    REQUIRE(fixture.register_account("Alice", "correct horse"));
    CHECK_FALSE(fixture.login("my secret pass", "wrong horse"));
    CHECK_FALSE(fixture.login("alice", "wrong horse"));
    auto const events = fixture.log.events("login_failed");
    REQUIRE(events.size() == 2);
    CHECK(events[0].fields[0] == std::pair<std::string, std::string>{"address", "192.0.2.7"});
    CHECK(events[0].field("name").empty());
    CHECK(events[0].field("cause") == "no_such_account");
    CHECK(events[1].field("name") == "Alice");
    CHECK(events[1].field("cause") == "wrong_password");
    CHECK_FALSE(fixture.log.mentions("my secret pass"));
}

TEST_CASE("when the store is unavailable a login is unavailable and never bad_credentials")
{
    verifier_fixture fixture;
    REQUIRE(fixture.register_account("Alice", "correct horse"));
    fixture.accounts.broken = {"find"};
    auto const hashes = fixture.hashes.all();
    CHECK(code_of(fixture.login("Alice", "correct horse")) == code::unavailable);
    CHECK(code_of(fixture.login("Alice", "wrong horse")) == code::unavailable);
    CHECK(code_of(fixture.login("", "wrong horse")) == code::unavailable);
    CHECK(fixture.hashes.all() == hashes);
}

// Promise P1.
TEST_CASE("an attempt that cannot be counted is unavailable whether the account exists or not and costs no hash")
{
    verifier_fixture fixture;
    REQUIRE(fixture.register_account("Alice", "correct horse"));
    fixture.attempts.broken = true;
    auto const hashes = fixture.hashes.all();
    CHECK(code_of(fixture.login("Alice", "wrong horse")) == code::unavailable);
    CHECK(code_of(fixture.login("Alice", "correct horse")) == code::unavailable);
    CHECK(code_of(fixture.login("Unused", "wrong horse")) == code::unavailable);
    CHECK(code_of(fixture.login("", "wrong horse")) == code::unavailable);
    CHECK(fixture.hashes.all() == hashes);
    fixture.attempts.broken = false;
    CHECK(fixture.login("Alice", "correct horse"));
}

// Promises P2 and P3.
TEST_CASE("without memory for a hash a login is busy and not counted")
{
    verifier_fixture fixture;
    REQUIRE(fixture.register_account("Alice", "correct horse"));
    fixture.hashes.out_of_memory = true;
    for (int i = 0; i < 30; ++i) {
        CHECK(code_of(fixture.login("Alice", "wrong horse")) == code::busy);
        CHECK(code_of(fixture.login("Unused", "wrong horse")) == code::busy);
    }
    CHECK(fixture.stored("alice").failed_since == 0);
    fixture.hashes.out_of_memory = false;
    CHECK(code_of(fixture.login("Unused", "wrong horse")) == code::bad_credentials);
    CHECK(fixture.login("Alice", "correct horse"));
}

// Promise P3.
TEST_CASE("a login replaces a stale hash")
{
    verifier_fixture fixture;
    auto const made = fixture.register_account("Alice", "correct horse");
    REQUIRE(made);
    ++fixture.hashes.generation;
    CHECK_FALSE(fixture.login("Alice", "wrong horse"));
    CHECK(fixture.stored("alice").password_hash == "plain1:correct horse");
    auto const proved = fixture.login("Alice", "correct horse");
    REQUIRE(proved);
    CHECK(fixture.stored("alice").password_hash == "plain2:correct horse");
    CHECK(fixture.stored("alice").credential_version == made->credential_version);
    CHECK(fixture.log.count("rehashed") == 1);
    REQUIRE(fixture.login("Alice", "correct horse"));
    CHECK(fixture.log.count("rehashed") == 1);
}

TEST_CASE("a hash that cannot be replaced does not fail the login")
{
    verifier_fixture fixture;
    REQUIRE(fixture.register_account("Alice", "correct horse"));
    ++fixture.hashes.generation;
    fixture.accounts.broken = {"rehash"};
    CHECK(fixture.login("Alice", "correct horse"));
    fixture.accounts.broken = {};
    fixture.accounts.overtaking_hash = "plain2:changed elsewhere";
    CHECK(fixture.login("Alice", "correct horse"));
    CHECK(fixture.stored("alice").password_hash == "plain2:changed elsewhere");
    CHECK(fixture.log.count("rehash_failed") == 2);
}

TEST_CASE("no password reaches the log")
{
    verifier_fixture fixture;
    std::string const canary = "canary-7b1f-horse";
    auto const made = fixture.register_account("Alice", canary);
    REQUIRE(made);
    CHECK(fixture.login("Alice", canary));
    CHECK_FALSE(fixture.login("Alice", canary + "x"));
    CHECK_FALSE(fixture.login(canary, canary));
    CHECK_FALSE(fixture.register_account(canary + "\n", canary));
    CHECK_FALSE(fixture.register_account("Bob", canary + "\n"));
    CHECK(fixture.change_password(made->id, canary, canary + "2"));
    CHECK_FALSE(fixture.change_password(made->id, canary, canary + "3"));
    fixture.clock.advance(std::chrono::minutes{1});
    fixture.hashes.out_of_memory = true;
    CHECK_FALSE(fixture.login("Alice", canary));
    CHECK_FALSE(fixture.log.mentions("canary"));
    CHECK(fixture.log.events().size() >= 8);
}
