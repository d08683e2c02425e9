#include "auth/verifier_fixture.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;
using testing::code_of;
using testing::verifier_fixture;

namespace {

struct fixture : verifier_fixture {
    detail::store::account_id alice = register_account("Alexandra", "correct horse")->id;
};

}  // namespace

TEST_CASE("after a change the new password is accepted and the old one is not")
{
    fixture fixture;
    CHECK(fixture.change_password(fixture.alice, "correct horse", "better horse"));
    CHECK(fixture.login("Alexandra", "better horse"));
    CHECK(code_of(fixture.login("Alexandra", "correct horse")) == code::bad_credentials);
    auto const events = fixture.log.events("password_changed");
    REQUIRE(events.size() == 1);
    CHECK(events[0].fields[0].first == "address");
    CHECK(events[0].field("name") == "Alexandra");
}

TEST_CASE("a change increments the credential's version")
{
    fixture fixture;
    auto const before = fixture.stored("alexandra").credential_version;
    REQUIRE(fixture.change_password(fixture.alice, "correct horse", "better horse"));
    CHECK(fixture.stored("alexandra").credential_version > before);
}

TEST_CASE("a change with a wrong password is denied and counted like a login")
{
    fixture fixture;
    auto const hashes = fixture.hashes.all();
    CHECK(code_of(fixture.change_password(fixture.alice, "wrong horse", "better horse")) == code::bad_credentials);
    CHECK(fixture.hashes.all() == hashes + 1);
    CHECK(fixture.stored("alexandra").failed_since == 1);
    CHECK(fixture.login("Alexandra", "correct horse"));
}

TEST_CASE("a weak new password is denied")
{
    fixture fixture;
    CHECK(code_of(fixture.change_password(fixture.alice, "correct horse", "short")) == code::weak_password);
    CHECK(code_of(fixture.change_password(fixture.alice, "correct horse", "ALEXANDRA")) == code::weak_password);
    CHECK(fixture.stored("alexandra").failed_since == 0);
    CHECK(fixture.login("Alexandra", "correct horse"));
}

TEST_CASE("a change for a deleted or disabled account is denied")
{
    fixture fixture;
    CHECK(code_of(fixture.change_password(fixture.alice + 100, "correct horse", "better horse")) ==
          code::bad_credentials);
    fixture.accounts.disabled = true;
    CHECK(code_of(fixture.change_password(fixture.alice, "correct horse", "better horse")) == code::bad_credentials);
}

TEST_CASE("of two changes at once the later one is denied")
{
    fixture fixture;
    fixture.accounts.overtaking_hash = "plain1:changed elsewhere";
    CHECK(code_of(fixture.change_password(fixture.alice, "correct horse", "better horse")) == code::bad_credentials);
    CHECK(fixture.login("Alexandra", "changed elsewhere"));
}

TEST_CASE("when the store is unavailable so is a change and the password stays")
{
    fixture fixture;
    fixture.accounts.broken = {"find"};
    CHECK(code_of(fixture.change_password(fixture.alice, "correct horse", "better horse")) == code::unavailable);
    fixture.accounts.broken = {"change_password"};
    for (int i = 0; i < 30; ++i) {
        CHECK(code_of(fixture.change_password(fixture.alice, "correct horse", "better horse")) == code::unavailable);
    }
    fixture.accounts.broken = {};
    CHECK(fixture.login("Alexandra", "correct horse"));
}

TEST_CASE("a rehash during the change does not make the current password wrong")
{
    fixture fixture;
    auto const before = fixture.stored("alexandra");
    fixture.accounts.before_change = [&] {
        return fixture.store.ports().accounts.rehash(before.id, before.password_hash, "plain1:correct horse ");
    };
    CHECK(fixture.change_password(fixture.alice, "correct horse", "better horse"));
    CHECK(fixture.login("Alexandra", "better horse"));
}

TEST_CASE("a password change is throttled like a login")
{
    fixture fixture;
    for (int i = 0; i < 4; ++i) {
        CHECK(code_of(fixture.change_password(fixture.alice, "wrong horse", "better horse")) == code::bad_credentials);
    }
    auto const refused = fixture.change_password(fixture.alice, "correct horse", "better horse");
    CHECK(code_of(refused) == code::throttled);
    CHECK(refused.error().retry_after == std::chrono::seconds{1});
    fixture.clock.advance(std::chrono::seconds{1});
    CHECK(fixture.change_password(fixture.alice, "correct horse", "better horse"));
    for (int i = 0; i < 4; ++i) {
        CHECK(code_of(fixture.change_password(fixture.alice, "wrong horse", "good horse 1")) == code::bad_credentials);
    }
}
