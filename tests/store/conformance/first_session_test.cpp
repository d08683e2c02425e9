#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::errc;

TEST_CASE("an account and its first session are added together")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const opened = fixture.run(fixture.sessions().open_first(account_of("alice"), session_of({}, 1, 5)));
    REQUIRE(opened);
    CHECK(opened->id > 0);
    CHECK_FALSE(opened->before.last_login_at.has_value());
    CHECK(fixture.account(opened->account).name == "alice");
    CHECK(fixture.is_open(1));
    auto const name = fixture.run(fixture.addresses().name_of("192.0.2.1"));
    REQUIRE(name);
    CHECK(*name == "alice");
}

TEST_CASE("when the account cannot be added no session is opened")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    fixture.add("alice");
    auto const denied = fixture.run(fixture.sessions().open_first(account_of("alice"), session_of({}, 1)));
    REQUIRE_FALSE(denied);
    CHECK(denied.error() == errc::name_taken);
    CHECK_FALSE(fixture.is_open(1));
}

TEST_CASE("when the first session cannot be opened no account is added")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto shut = account_of("alice");
    shut.disabled_at = at(1);
    auto const denied = fixture.run(fixture.sessions().open_first(shut, session_of({}, 1)));
    REQUIRE_FALSE(denied);
    CHECK(denied.error() == errc::credential_changed);
    auto const found = fixture.run(fixture.accounts().find("alice"));
    REQUIRE(found);
    CHECK_FALSE(found->has_value());
}

TEST_CASE("a login records the address with the account's name")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    CHECK(fixture.run(fixture.addresses().record("192.0.2.1", "192.0.2.1", "Bob", std::nullopt, at(0))));
    fixture.open(session_of(alice, 1));
    auto const name = fixture.run(fixture.addresses().name_of("192.0.2.1"));
    REQUIRE(name);
    CHECK(*name == "alice");
}
