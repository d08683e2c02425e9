#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::errc;

TEST_CASE("an account and its first session are added together")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const opened = here.run(here.sessions().open_first(account_of("alice"), session_of({}, 1, 5)));
    REQUIRE(opened);
    CHECK(opened->id > 0);
    CHECK_FALSE(opened->before.last_login_at.has_value());
    CHECK(here.account(opened->account).name == "alice");
    CHECK(here.is_open(1));
    auto const greeted = here.run(here.addresses().name_of("192.0.2.1"));
    REQUIRE(greeted);
    CHECK(*greeted == "alice");
}

TEST_CASE("when the account cannot be added no session is opened")
{
    store_fixture here{GENERATE(from_range(backends()))};
    here.add("alice");
    auto const denied = here.run(here.sessions().open_first(account_of("alice"), session_of({}, 1)));
    REQUIRE_FALSE(denied);
    CHECK(denied.error() == errc::name_taken);
    CHECK_FALSE(here.is_open(1));
}

TEST_CASE("when the first session cannot be opened no account is added")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto shut = account_of("alice");
    shut.disabled_at = at(1);
    auto const denied = here.run(here.sessions().open_first(shut, session_of({}, 1)));
    REQUIRE_FALSE(denied);
    CHECK(denied.error() == errc::credential_changed);
    auto const found = here.run(here.accounts().find("alice"));
    REQUIRE(found);
    CHECK_FALSE(found->has_value());
}

TEST_CASE("a login records the address with the account's name")
{
    store_fixture here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    CHECK(here.run(here.addresses().record("192.0.2.1", "192.0.2.1", "Bob", std::nullopt, at(0))));
    here.open(session_of(alice, 1));
    auto const greeted = here.run(here.addresses().name_of("192.0.2.1"));
    REQUIRE(greeted);
    CHECK(*greeted == "alice");
}
