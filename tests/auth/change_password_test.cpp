#include "auth/verifier_fixture.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::rooms;
using testing::refusal_of;
using testing::verifier_fixture;

namespace {

struct fixture : verifier_fixture {
    store::account_id alice = register_account("Alexandra", "correct horse")->id;
};

}  // namespace

TEST_CASE("a changed password opens the account and the old one does not")
{
    fixture house;
    CHECK(house.change_password(house.alice, "correct horse", "better horse"));
    CHECK(house.login("Alexandra", "better horse"));
    CHECK(refusal_of(house.login("Alexandra", "correct horse")) == code::bad_credentials);
    auto const events = house.log.events("password_changed");
    REQUIRE(events.size() == 1);
    CHECK(events[0].fields[0].first == "address");
    CHECK(events[0].field("name") == "Alexandra");
}

TEST_CASE("a change raises the credential's version so that old proofs open nothing")
{
    fixture house;
    auto const before = house.stored("alexandra").credential_version;
    REQUIRE(house.change_password(house.alice, "correct horse", "better horse"));
    CHECK(house.stored("alexandra").credential_version > before);
}

TEST_CASE("a change by a wrong password is refused and counted like a login")
{
    fixture house;
    auto const hashes = house.hashes.all();
    CHECK(refusal_of(house.change_password(house.alice, "wrong horse", "better horse")) == code::bad_credentials);
    CHECK(house.hashes.all() == hashes + 1);
    CHECK(house.stored("alexandra").failed_since == 1);
    CHECK(house.login("Alexandra", "correct horse"));
}

TEST_CASE("a change needs a good new password")
{
    fixture house;
    CHECK(refusal_of(house.change_password(house.alice, "correct horse", "short")) == code::weak_password);
    CHECK(refusal_of(house.change_password(house.alice, "correct horse", "ALEXANDRA")) == code::weak_password);
    CHECK(house.stored("alexandra").failed_since == 0);
    CHECK(house.login("Alexandra", "correct horse"));
}

TEST_CASE("a change for an account that is gone or disabled is refused")
{
    fixture house;
    CHECK(refusal_of(house.change_password(house.alice + 100, "correct horse", "better horse")) ==
          code::bad_credentials);
    house.accounts.disabled = true;
    CHECK(refusal_of(house.change_password(house.alice, "correct horse", "better horse")) == code::bad_credentials);
}

TEST_CASE("of two changes at once the later one is refused")
{
    fixture house;
    house.accounts.overtaking_hash = "plain1:changed elsewhere";
    CHECK(refusal_of(house.change_password(house.alice, "correct horse", "better horse")) == code::bad_credentials);
    CHECK(house.login("Alexandra", "changed elsewhere"));
}

TEST_CASE("when the store is down a change is unavailable and the password stays")
{
    fixture house;
    house.accounts.broken = {"find"};
    CHECK(refusal_of(house.change_password(house.alice, "correct horse", "better horse")) == code::unavailable);
    house.accounts.broken = {"change_password"};
    for (int i = 0; i < 30; ++i) {
        CHECK(refusal_of(house.change_password(house.alice, "correct horse", "better horse")) == code::unavailable);
    }
    house.accounts.broken = {};
    CHECK(house.login("Alexandra", "correct horse"));
}

TEST_CASE("a rehash that comes in between does not make the current password wrong")
{
    fixture house;
    auto const before = house.stored("alexandra");
    house.accounts.before_change = [&] {
        return house.store.ports().accounts.rehash(before.id, before.password_hash, "plain1:correct horse ");
    };
    CHECK(house.change_password(house.alice, "correct horse", "better horse"));
    CHECK(house.login("Alexandra", "better horse"));
}

TEST_CASE("a password change is throttled like a login")
{
    fixture house;
    for (int i = 0; i < 4; ++i) {
        CHECK(refusal_of(house.change_password(house.alice, "wrong horse", "better horse")) == code::bad_credentials);
    }
    auto const refused = house.change_password(house.alice, "correct horse", "better horse");
    CHECK(refusal_of(refused) == code::throttled);
    CHECK(refused.error().retry_after == std::chrono::seconds{1});
    house.clock.advance(std::chrono::seconds{1});
    CHECK(house.change_password(house.alice, "correct horse", "better horse"));
    for (int i = 0; i < 4; ++i) {
        CHECK(refusal_of(house.change_password(house.alice, "wrong horse", "good horse 1")) == code::bad_credentials);
    }
}
