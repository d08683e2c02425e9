// Promises P1 and P8 of SECURITY.md: what a check of a password costs does not tell whether there is such an account.
#include <string>
#include <string_view>
#include <vector>

#include "auth/counting_hash.hpp"
#include "auth/verifier_fixture.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;
using base::hash_cost;
using testing::refusal_of;

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
        computed.set_today(cheap);
        return std::make_unique<testing::counting_hash>(computed);
    }

    /// An account with a hash that was made by parameters of its time.
    void add(std::string_view name, hash_cost const& cost)
    {
        auth::argon2id then{std::size_t{cost.memory_kib} * 1024, cost.passes};
        store(name, *then.make("correct horse"));
    }
    void store(std::string_view name, std::string hash)
    {
        detail::store::account fresh;
        fresh.name = name;
        fresh.folded_name = name;
        fresh.password_hash = std::move(hash);
        REQUIRE(verifier.store.add(fresh));
    }

    /// What a login computes.
    costs login(std::string_view name, std::string_view password, bool is_good = false)
    {
        computed.take();
        auto const proved = verifier.login(name, password);
        CHECK(refusal_of(proved) == (is_good ? code::normal : code::bad_credentials));
        verifier.clock.advance(std::chrono::hours{1});
        return computed.take();
    }

    void check_that_nothing_is_told(costs const& expected)
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

TEST_CASE("where all hashes have the parameters of today a check computes one")
{
    fixture at;
    at.add("old", cheap);
    at.add("new", cheap);
    at.store("unreadable", "$argon2id$v=19$m=8,t=4000000,p=1$");
    at.check_that_nothing_is_told({cheap});
    CHECK(at.login("old", "correct horse", true) == costs{cheap});
}

TEST_CASE("after a parameter was raised every check computes the old hash and the new one in one order")
{
    auto const& raised = GENERATE_REF(from_range(costs{more_memory, more_passes}));
    fixture at;
    at.add("old", cheap);
    at.add("older", cheap);
    at.add("new", raised);
    at.store("unreadable", "secret");
    at.computed.set_today(raised);
    at.check_that_nothing_is_told({raised, cheap});

    SECTION("and a good login, too, before it replaces the hash")
    {
        CHECK(at.login("new", "correct horse", true) == costs{raised, cheap});
        CHECK(at.login("old", "correct horse", true) == costs{raised, cheap, raised});
    }
    SECTION("until the last old hash is replaced")
    {
        at.login("old", "correct horse", true);
        at.check_that_nothing_is_told({raised, cheap});
        at.login("older", "correct horse", true);
        at.check_that_nothing_is_told({raised});
    }
}

TEST_CASE("after a parameter was lowered every check computes both as well")
{
    fixture at;
    at.add("old", more_memory);
    at.add("new", cheap);
    at.store("unreadable", "secret");
    at.check_that_nothing_is_told({cheap, more_memory});
}

TEST_CASE("a change of the password computes what a login does before it hashes the new one")
{
    fixture at;
    at.add("old", cheap);
    at.add("older", cheap);
    at.computed.set_today(more_memory);
    auto const id = at.verifier.stored("old").id;
    at.computed.take();
    CHECK_FALSE(at.verifier.change_password(id, "wrong horse", "a better horse"));
    CHECK(at.computed.take() == costs{more_memory, cheap});
    at.verifier.clock.advance(std::chrono::hours{1});
    CHECK(at.verifier.change_password(id, "correct horse", "a better horse"));
    CHECK(at.computed.take() == costs{more_memory, cheap, more_memory});
}

TEST_CASE("a hash whose cost is out of bounds costs what any other does and makes no check longer")
{
    fixture at;
    at.add("old", cheap);
    at.add("new", cheap);
    auto const edited = [&](std::string const& parameters) {
        auto hash = *at.computed.today->make("correct horse");
        return hash.replace(hash.find("m=8,t=1"), 7, parameters);
    };
    at.store("unreadable", edited("m=8,t=4000000"));
    at.store("huge", edited("m=4294967295,t=1"));
    at.store("tiny", edited("m=1,t=1"));
    at.check_that_nothing_is_told({cheap});
    CHECK(at.login("huge", "correct horse") == costs{cheap});
    CHECK(at.login("tiny", "correct horse") == costs{cheap});
    CHECK(at.verifier.log.count("password_hash_unreadable") == 3);
}

TEST_CASE("where there is no memory for one of the costs every check is busy and computes the same")
{
    fixture at;
    at.add("old", more_memory);
    at.add("new", cheap);
    at.store("unreadable", "secret");
    for (auto const& each : {cheap, more_memory}) {
        at.computed.without_memory = each;
        for (auto const* name : {"nobody", "old", "new", "unreadable", ""}) {
            for (auto const* password : {"correct horse", "wrong horse"}) {
                at.computed.take();
                CHECK(refusal_of(at.verifier.login(name, password)) == code::busy);
                CHECK(at.computed.take() == costs{cheap, more_memory});
            }
        }
    }
    CHECK(at.verifier.stored("old").failed_since == 0);
}

TEST_CASE("of more costs than are covered the dearest are and the log says so once")
{
    fixture at;
    at.add("old", {64, 1});
    at.add("a", {32, 2});
    at.add("b", {8, 4});
    at.add("new", cheap);
    at.store("unreadable", "secret");
    costs const covered{cheap, {64, 1}, {32, 2}, {8, 4}};
    at.check_that_nothing_is_told(covered);
    CHECK(at.verifier.log.count("hash_costs_uncovered") == 0);

    at.add("c", {8, 2});
    at.add("d", {8, 3});
    at.check_that_nothing_is_told(covered);
    CHECK(at.login("nobody", "correct horse") == covered);
    costs with_its_own = covered;
    with_its_own.push_back({8, 2});
    CHECK(at.login("c", "wrong horse") == with_its_own);
    with_its_own.push_back(cheap);
    CHECK(at.login("c", "correct horse", true) == with_its_own);
    CHECK(at.verifier.log.count("hash_costs_uncovered") == 1);
}

TEST_CASE("a dummy hash has the form of a stored one and no two are the same")
{
    auth::argon2id const function{8 * 1024, 1};
    auto const one = function.dummy_hash(more_passes);
    CHECK(one.starts_with("$argon2id$v=19$m=8,t=3,p=1$"));
    CHECK(function.cost_of(one) == more_passes);
    CHECK(one != function.dummy_hash(more_passes));
}
