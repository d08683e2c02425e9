// Promise P8 of SECURITY.md: a claimed account has the costs that a password check computes, known or unknown.
#include <string>
#include <utility>
#include <vector>

#include "store/conformance/store_fixture.hpp"
#include "store/limits.hpp"

using namespace porter::testing;
using porter::detail::base::hash_cost;
using costs = std::vector<hash_cost>;

namespace {

costs costs_with(store_fixture& fixture, std::string const& name)
{
    auto const claimed = fixture.run(fixture.accounts().find_claimed(name));
    REQUIRE(claimed);
    return claimed->hash_costs;
}

porter::detail::store::account_id add(store_fixture& fixture, std::string const& name, std::string const& parameters)
{
    return fixture.add(account_of(name, parameters)).id;
}

}  // namespace

TEST_CASE("a known and an unknown name have the costs of all hashes in descending order")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    CHECK(costs_with(fixture, "nobody").empty());
    auto const alice = add(fixture, "alice", "m=19456,t=2");
    add(fixture, "bob", "m=65536,t=3");
    add(fixture, "carol", "m=19456,t=2");
    add(fixture, "dave", "m=38912,t=1");
    costs const all{{65536, 3}, {38912, 1}, {19456, 2}};
    CHECK(costs_with(fixture, "nobody") == all);
    CHECK(costs_with(fixture, "") == all);
    CHECK(costs_with(fixture, "alice") == all);
    auto const by_id = fixture.run(fixture.accounts().find_claimed(alice));
    REQUIRE(by_id);
    CHECK(by_id->account->name == "alice");
    CHECK(by_id->hash_costs == all);
    CHECK(fixture.run(fixture.accounts().find_claimed(alice + 100))->hash_costs == all);
    CHECK_FALSE(fixture.run(fixture.accounts().find_claimed("nobody"))->account);
}

TEST_CASE("a cost is listed as long as a hash has it")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = add(fixture, "alice", "m=8,t=1");
    auto const bob = add(fixture, "bob", "m=8,t=1");
    fixture.administrator().remove(bob);
    CHECK(costs_with(fixture, "alice") == costs{{8, 1}});
    REQUIRE(fixture.run(fixture.accounts().rehash(alice, hash_text("m=8,t=1"), hash_text("m=8,t=2"))));
    CHECK(costs_with(fixture, "alice") == costs{{8, 2}});

    porter::detail::store::password_change change;
    change.account = alice;
    change.credential_version = 1;
    change.new_hash = hash_text("m=8,t=3");
    REQUIRE(fixture.run(fixture.accounts().change_password(change)));
    CHECK(costs_with(fixture, "alice") == costs{{8, 3}});
    fixture.administrator().remove(alice);
    CHECK(costs_with(fixture, "alice").empty());
}

TEST_CASE("the cost of a new account is listed")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    REQUIRE(fixture.run(fixture.sessions().open_first(account_of("alice", "m=8,t=1"), session_of({}, 1))));
    CHECK(costs_with(fixture, "nobody") == costs{{8, 1}});
}

TEST_CASE("hashes without a computable cost are not listed")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    fixture.add("alice");
    int number = 0;
    for (auto const* each :
         {"m=7,t=1", "m=8,t=0", "m=8,t=1001", "m=4194305,t=1", "m=4194304,t=5", "m=08,t=1", "m=8,t=01", "m=+8,t=1",
          "m= 8,t=1", "m=8,t=-1", "m=8x,t=1", "m=8,t=1x", "m=,t=", "m=8.5,t=1", "m=8e3,t=1",
          "m=99999999999999999999,t=1", "m=8,t=99999999999999999999", "t=1,m=8"}) {
        add(fixture, "edited " + std::to_string(++number), each);
    }
    for (auto const& each : {hash_text("m=8,t=1") + "A", hash_text("m=8,t=1").substr(1), std::string{"x"},
                             "$argon2i" + hash_text("m=8,t=1").substr(9)}) {
        auto other = account_of("edited " + std::to_string(++number));
        other.password_hash = each;
        fixture.add(other);
    }
    CHECK(costs_with(fixture, "nobody").empty());
    add(fixture, "last", "m=4194304,t=4");
    CHECK(costs_with(fixture, "nobody") == costs{{4194304, 4}});
}

TEST_CASE("of many costs the highest are listed")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    for (int i = 1; i <= 8; ++i) add(fixture, "account " + std::to_string(i), "m=16,t=" + std::to_string(i));
    add(fixture, "equal", "m=64,t=2");
    auto const found = costs_with(fixture, "nobody");
    CHECK(found == costs{{64, 2}, {16, 8}, {16, 7}, {16, 6}, {16, 5}});
    CHECK(found.size() == porter::detail::store::hash_costs_at_once);
}
