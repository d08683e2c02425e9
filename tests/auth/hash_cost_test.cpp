// Promises P1 and P8 of SECURITY.md: the cost of a password check does not disclose whether the account exists.
#include <string>
#include <string_view>
#include <vector>

#include "auth/counting_hash.hpp"
#include "auth/verifier_fixture.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;
using base::hash_cost;
using testing::code_of;

namespace {

using costs = std::vector<hash_cost>;

constexpr hash_cost cheap{8, 1};
constexpr hash_cost more_memory{16, 1};
constexpr hash_cost more_passes{8, 3};

struct fixture {
    testing::computations computed;
    testing::verifier_fixture verifier{{}, 0, function()};

    std::unique_ptr<auth::hash_function> function()
    {
        computed.set_current(cheap);
        return std::make_unique<testing::counting_hash>(computed);
    }

    /// Adds an account with a hash of this cost.
    void add(std::string_view name, hash_cost const& cost)
    {
        auth::argon2id function{std::size_t{cost.memory_kib} * 1024, cost.passes};
        store(name, *function.make("correct horse"));
    }
    void store(std::string_view name, std::string hash)
    {
        detail::store::account fresh;
        fresh.name = name;
        fresh.folded_name = name;
        fresh.password_hash = std::move(hash);
        REQUIRE(verifier.store.add(fresh));
    }

    /// The costs that a login computes.
    costs login(std::string_view name, std::string_view password, bool is_good = false)
    {
        computed.take();
        auto const proved = verifier.login(name, password);
        CHECK(code_of(proved) == (is_good ? code::normal : code::bad_credentials));
        verifier.clock.advance(std::chrono::hours{1});
        return computed.take();
    }

    void check_same_costs(costs const& expected)
    {
        CHECK(login("nobody", "correct horse") == expected);
        CHECK(login("impossible \n name", "correct horse") == expected);
        CHECK(login("", "correct horse") == expected);
        CHECK(login("old", "wrong horse") == expected);
        CHECK(login("old", "control\ncharacter") == expected);
        CHECK(login("new", "wrong horse") == expected);
        CHECK(login("unreadable", "correct horse") == expected);
        verifier.accounts.disabled = true;
        CHECK(login("old", "correct horse") == expected);
        CHECK(login("new", "wrong horse") == expected);
        verifier.accounts.disabled = false;
    }
};

}  // namespace

TEST_CASE("when all hashes have the current parameters a check computes one")
{
    fixture fixture;
    fixture.add("old", cheap);
    fixture.add("new", cheap);
    fixture.store("unreadable", "$argon2id$v=19$m=8,t=4000000,p=1$");
    fixture.check_same_costs({cheap});
    CHECK(fixture.login("old", "correct horse", true) == costs{cheap});
}

TEST_CASE("after a parameter was raised every check computes the old hash and the new one in one order")
{
    auto const& raised = GENERATE_REF(from_range(costs{more_memory, more_passes}));
    fixture fixture;
    fixture.add("old", cheap);
    fixture.add("older", cheap);
    fixture.add("new", raised);
    fixture.store("unreadable", "secret");
    fixture.computed.set_current(raised);
    fixture.check_same_costs({raised, cheap});

    SECTION("also for a successful login before it replaces the hash")
    {
        CHECK(fixture.login("new", "correct horse", true) == costs{raised, cheap});
        CHECK(fixture.login("old", "correct horse", true) == costs{raised, cheap, raised});
    }
    SECTION("until the last old hash is replaced")
    {
        fixture.login("old", "correct horse", true);
        fixture.check_same_costs({raised, cheap});
        fixture.login("older", "correct horse", true);
        fixture.check_same_costs({raised});
    }
}

TEST_CASE("after a parameter was lowered every check computes both as well")
{
    fixture fixture;
    fixture.add("old", more_memory);
    fixture.add("new", cheap);
    fixture.store("unreadable", "secret");
    fixture.check_same_costs({cheap, more_memory});
}

TEST_CASE("a password change computes the same as a login before it hashes the new password")
{
    fixture fixture;
    fixture.add("old", cheap);
    fixture.add("older", cheap);
    fixture.computed.set_current(more_memory);
    auto const id = fixture.verifier.stored("old").id;
    fixture.computed.take();
    CHECK_FALSE(fixture.verifier.change_password(id, "wrong horse", "a better horse"));
    CHECK(fixture.computed.take() == costs{more_memory, cheap});
    fixture.verifier.clock.advance(std::chrono::hours{1});
    CHECK(fixture.verifier.change_password(id, "correct horse", "a better horse"));
    CHECK(fixture.computed.take() == costs{more_memory, cheap, more_memory});
}

TEST_CASE("a hash whose cost is out of bounds is checked at the same cost as others")
{
    fixture fixture;
    fixture.add("old", cheap);
    fixture.add("new", cheap);
    auto const edited = [&](std::string const& parameters) {
        auto hash = *fixture.computed.current->make("correct horse");
        return hash.replace(hash.find("m=8,t=1"), 7, parameters);
    };
    fixture.store("unreadable", edited("m=8,t=4000000"));
    fixture.store("huge", edited("m=4294967295,t=1"));
    fixture.store("tiny", edited("m=1,t=1"));
    fixture.check_same_costs({cheap});
    CHECK(fixture.login("huge", "correct horse") == costs{cheap});
    CHECK(fixture.login("tiny", "correct horse") == costs{cheap});
    CHECK(fixture.verifier.log.count("password_hash_unreadable") == 3);
}

TEST_CASE("without memory for one of the costs every check is busy and computes the same")
{
    fixture fixture;
    fixture.add("old", more_memory);
    fixture.add("new", cheap);
    fixture.store("unreadable", "secret");
    for (auto const& each : {cheap, more_memory}) {
        fixture.computed.without_memory = each;
        for (auto const* name : {"nobody", "old", "new", "unreadable", ""}) {
            for (auto const* password : {"correct horse", "wrong horse"}) {
                fixture.computed.take();
                CHECK(code_of(fixture.verifier.login(name, password)) == code::busy);
                CHECK(fixture.computed.take() == costs{cheap, more_memory});
            }
        }
    }
    CHECK(fixture.verifier.stored("old").failed_since == 0);
}

TEST_CASE("when there are more costs the highest are covered and that is logged once")
{
    fixture fixture;
    fixture.add("old", {64, 1});
    fixture.add("a", {32, 2});
    fixture.add("b", {8, 4});
    fixture.add("new", cheap);
    fixture.store("unreadable", "secret");
    costs const covered{cheap, {64, 1}, {32, 2}, {8, 4}};
    fixture.check_same_costs(covered);
    CHECK(fixture.verifier.log.count("hash_costs_uncovered") == 0);

    fixture.add("c", {8, 2});
    fixture.add("d", {8, 3});
    fixture.check_same_costs(covered);
    CHECK(fixture.login("nobody", "correct horse") == covered);
    costs with_its_own = covered;
    with_its_own.push_back({8, 2});
    CHECK(fixture.login("c", "wrong horse") == with_its_own);
    with_its_own.push_back(cheap);
    CHECK(fixture.login("c", "correct horse", true) == with_its_own);
    CHECK(fixture.verifier.log.count("hash_costs_uncovered") == 1);
}

TEST_CASE("a dummy hash has the form of a stored one and each is different")
{
    auth::argon2id const function{8 * 1024, 1};
    auto const one = function.dummy_hash(more_passes);
    CHECK(one.starts_with("$argon2id$v=19$m=8,t=3,p=1$"));
    CHECK(function.cost_of(one) == more_passes);
    CHECK(one != function.dummy_hash(more_passes));
}
