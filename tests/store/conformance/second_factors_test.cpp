// Second factors, for each store (promise P11).
#include <asio/co_spawn.hpp>
#include <exception>

#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::account;
using porter::detail::store::errc;
using porter::detail::store::new_second_factor;

namespace {

new_second_factor factor_of(account const& owner, std::string secret = std::string{"sealed\0bytes", 12})
{
    new_second_factor record;
    record.account = owner.id;
    record.sealed_secret = std::move(secret);
    record.last_step = 100;
    record.recovery_codes = {digest(1), digest(2)};
    record.created_at = at(0);
    return record;
}

porter::task<void> count_used(porter::detail::store::second_factors& factors, account owner, std::int64_t step,
                              std::int64_t use, int& accepted)
{
    auto const used = co_await factors.use_step(owner.id, step, use);
    if (used) ++accepted;
}

porter::task<void> count_used_code(porter::detail::store::second_factors& factors, account owner, std::int64_t use,
                                   int& accepted)
{
    auto const used = co_await factors.use_recovery_code(owner.id, digest(1), use, at(1));
    if (used) ++accepted;
}

}  // namespace

TEST_CASE("an account has a second factor from when it is added until it is removed")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const bob = fixture.add("bob");
    CHECK_FALSE(*fixture.run(fixture.factors().find(alice.id)));
    CHECK_FALSE(fixture.account(alice.id).has_second_factor);

    REQUIRE(fixture.run(fixture.factors().add(factor_of(alice))));
    auto const found = fixture.run(fixture.factors().find(alice.id));
    REQUIRE(found);
    REQUIRE(*found);
    CHECK((*found)->sealed_secret == std::string{"sealed\0bytes", 12});
    CHECK((*found)->last_step == 100);
    CHECK((*found)->codes_left == 2);
    CHECK(fixture.account(alice.id).has_second_factor);
    auto const claimed = fixture.run(fixture.accounts().find_claimed(std::string{"alice"}));
    REQUIRE(claimed);
    CHECK(claimed->account->has_second_factor);
    auto const by_name = fixture.run(fixture.accounts().find("alice"));
    REQUIRE(by_name);
    CHECK((*by_name)->has_second_factor);
    CHECK_FALSE(fixture.account(bob.id).has_second_factor);

    REQUIRE(fixture.run(fixture.factors().remove(alice.id)));
    REQUIRE(fixture.run(fixture.factors().remove(alice.id)));
    CHECK_FALSE(*fixture.run(fixture.factors().find(alice.id)));
    CHECK_FALSE(fixture.account(alice.id).has_second_factor);
    auto const used = fixture.run(fixture.factors().use_recovery_code(alice.id, digest(1), 7, at(1)));
    REQUIRE_FALSE(used);
    CHECK(used.error() == errc::not_found);
    REQUIRE(fixture.run(fixture.factors().add(factor_of(alice, "another"))));
}

TEST_CASE("adding a second factor is repeated without effect and another one is refused")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    REQUIRE(fixture.run(fixture.factors().add(factor_of(alice))));
    REQUIRE(fixture.run(fixture.factors().use_recovery_code(alice.id, digest(1), 7, at(1))));
    CHECK(fixture.run(fixture.factors().add(factor_of(alice))));
    CHECK((*fixture.run(fixture.factors().find(alice.id)))->codes_left == 1);
    auto const other = fixture.run(fixture.factors().add(factor_of(alice, "another")));
    REQUIRE_FALSE(other);
    CHECK(other.error() == errc::credential_changed);
    auto deleted = alice;
    deleted.id += 1000;
    auto const unowned = fixture.run(fixture.factors().add(factor_of(deleted)));
    REQUIRE_FALSE(unowned);
    CHECK(unowned.error() == errc::credential_changed);
}

TEST_CASE("each time step is accepted once and none before the last one")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const none = fixture.run(fixture.factors().use_step(alice.id, 101, 1));
    REQUIRE_FALSE(none);
    CHECK(none.error() == errc::not_found);
    REQUIRE(fixture.run(fixture.factors().add(factor_of(alice))));
    CHECK_FALSE(fixture.run(fixture.factors().use_step(alice.id, 100, 1)));
    CHECK(fixture.run(fixture.factors().use_step(alice.id, 102, 2)));
    CHECK(fixture.run(fixture.factors().use_step(alice.id, 102, 2)));
    auto const again = fixture.run(fixture.factors().use_step(alice.id, 102, 3));
    REQUIRE_FALSE(again);
    CHECK(again.error() == errc::not_found);
    CHECK_FALSE(fixture.run(fixture.factors().use_step(alice.id, 101, 4)));
    CHECK(fixture.run(fixture.factors().use_step(alice.id, 103, 5)));
    CHECK((*fixture.run(fixture.factors().find(alice.id)))->last_step == 103);
}

TEST_CASE("each recovery code is accepted once")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    auto const bob = fixture.add("bob");
    REQUIRE(fixture.run(fixture.factors().add(factor_of(alice))));
    auto bobs = factor_of(bob);
    bobs.recovery_codes = {digest(3)};
    REQUIRE(fixture.run(fixture.factors().add(bobs)));
    CHECK_FALSE(fixture.run(fixture.factors().use_recovery_code(bob.id, digest(1), 1, at(1))));
    CHECK(fixture.run(fixture.factors().use_recovery_code(alice.id, digest(1), 2, at(1))));
    CHECK(fixture.run(fixture.factors().use_recovery_code(alice.id, digest(1), 2, at(1))));
    CHECK_FALSE(fixture.run(fixture.factors().use_recovery_code(alice.id, digest(1), 3, at(2))));
    CHECK((*fixture.run(fixture.factors().find(alice.id)))->codes_left == 1);
    CHECK(fixture.run(fixture.factors().use_recovery_code(alice.id, digest(2), 4, at(2))));
}

TEST_CASE("of concurrent uses of one code exactly one is accepted")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    REQUIRE(fixture.run(fixture.factors().add(factor_of(alice))));
    int steps = 0;
    int codes = 0;
    auto const rethrow = [](std::exception_ptr const& thrown) {
        if (thrown) std::rethrow_exception(thrown);
    };
    for (std::int64_t use = 1; use <= 16; ++use) {
        asio::co_spawn(fixture.io(), count_used(fixture.factors(), alice, 101, use, steps), rethrow);
        asio::co_spawn(fixture.io(), count_used_code(fixture.factors(), alice, use, codes), rethrow);
    }
    fixture.io().restart();
    fixture.io().run();
    CHECK(steps == 1);
    CHECK(codes == 1);
}

TEST_CASE("a password that was verified before a second factor was added opens no session")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    fixture.administrator().add(porter::detail::store::password_reset{digest(100), alice.id, at(1000)});
    fixture.open(session_of(alice, 1, 1));
    REQUIRE(fixture.run(fixture.factors().add(factor_of(alice))));
    auto record = session_of(alice, 2, 2);
    auto const unproved = fixture.run(fixture.sessions().open(record));
    REQUIRE_FALSE(unproved);
    CHECK(unproved.error() == errc::credential_changed);
    auto const unproved_reset = fixture.run(fixture.codes().reset_password(digest(100), "new hash", record));
    REQUIRE_FALSE(unproved_reset);
    CHECK(unproved_reset.error() == errc::credential_changed);
    CHECK(fixture.account(alice.id).password_hash == "hash of alice");
    CHECK(fixture.is_open(1));

    record.is_second_factor_proved = true;
    CHECK(fixture.run(fixture.sessions().open(record)));
    auto by_reset = session_of(alice, 3, 3);
    by_reset.is_second_factor_proved = true;
    CHECK(fixture.run(fixture.codes().reset_password(digest(100), "new hash", by_reset)));
    CHECK(fixture.is_open(3));
}

TEST_CASE("a deleted account takes its second factor with it")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    REQUIRE(fixture.run(fixture.factors().add(factor_of(alice))));
    fixture.administrator().remove(alice.id);
    CHECK_FALSE(*fixture.run(fixture.factors().find(alice.id)));
    CHECK_FALSE(fixture.run(fixture.factors().use_step(alice.id, 101, 1)));
}
