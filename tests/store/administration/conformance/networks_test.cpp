// Networks that are blocked after too many failures, and how an administrator unblocks them, for each store (promise
// P2).
#include "store/administration/conformance/administrator_fixture.hpp"

using namespace porter::testing;
using porter::detail::store::throttled_network;

namespace {

constexpr auto known_network = "192.0.2.1";
constexpr auto unknown_network = "2001:db8::/64";

auto blocked(administrator_fixture& admin, int now)
{
    return admin.db().list_blocked_networks(admin.alice.id, few_attempts, at(now));
}

}  // namespace

TEST_CASE("blocked networks are listed with the end of the block and those known to the account first")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.open(1);
    admin.fail("192.0.2.0", 3, 0);
    admin.fail(known_network, 3, 10);
    admin.fail("192.0.2.9", 2, 0);
    auto const both = blocked(admin, 20);
    REQUIRE(both.size() == 2);
    CHECK(both[0].network == known_network);
    CHECK(both[0].is_known);
    CHECK(both[0].until == at(70));
    CHECK(both[1].network == "192.0.2.0");
    CHECK_FALSE(both[1].is_known);
    CHECK(blocked(admin, 60).size() == 1);
    CHECK(blocked(admin, 70).empty());
}

TEST_CASE("an enabled network is allowed at once because porterd keeps no copy of its failures")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.fail(unknown_network, 3, 0);
    auto const refused =
        admin.run(admin.ports.attempts.begin(attempt_at(admin.alice.id, unknown_network, 1), few_attempts));
    REQUIRE(refused);
    CHECK_FALSE(refused->decision.allows());
    CHECK(admin.db().enable_network(unknown_network) == 3);
    CHECK(admin.db().enable_network(unknown_network) == 0);
    auto const taken =
        admin.run(admin.ports.attempts.begin(attempt_at(admin.alice.id, unknown_network, 1), few_attempts));
    REQUIRE(taken);
    CHECK(taken->decision.allows());
}

TEST_CASE("an attempt that is pending while its network is enabled still counts and can be rolled back")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.fail(known_network, 2, 0);
    auto const begin = [&](int seconds) {
        auto const begun =
            admin.run(admin.ports.attempts.begin(attempt_at(admin.alice.id, known_network, seconds), few_attempts));
        REQUIRE(begun);
        return *begun;
    };
    auto const pending = begin(1);
    REQUIRE(pending.decision.allows());
    CHECK(admin.db().enable_network(known_network) == 2);
    admin.fail(known_network, 2, 2);
    CHECK_FALSE(begin(3).decision.allows());
    REQUIRE(admin.run(admin.ports.attempts.rollback({pending.counted})));
    CHECK(admin.db().list_counters(admin.alice.id).empty());
    CHECK(admin.db().find_account(admin.alice.folded_name)->failed_since == 0);
    CHECK(begin(3).decision.allows());
}

TEST_CASE("each throttled network is listed with its count and the end of the limit")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.fail("192.0.2.0", 3, 0);
    admin.fail(known_network, 3, 10);
    admin.fail("192.0.2.9", 2, 10);
    auto const listed = [&](int now) { return admin.db().list_throttled_networks(few_attempts, 0, at(now)); };
    auto const both = listed(20);
    REQUIRE(both.size() == 2);
    CHECK(both[0].network == "192.0.2.0");
    CHECK(both[0].by == throttled_network::limit::failures);
    CHECK(both[0].count == 3);
    CHECK(both[0].since == at(0));
    CHECK(both[0].until == at(60));
    CHECK(both[1].network == known_network);
    CHECK(listed(60).size() == 1);
    CHECK(admin.db().enable_network(known_network) == 3);
    CHECK(listed(60).empty());
}

TEST_CASE("networks and sites that used up their registrations are listed")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const registered = [&](std::string const& network, std::string const& site, int times, int when) {
        for (int i = 0; i < times; ++i) admin.store->add_registration(network, site, at(when));
    };
    registered(known_network, known_network, 2, 5);
    registered("192.0.2.9", "192.0.2.9", 1, 5);
    for (int i = 0; i < 16; ++i) {
        registered("2001:db8:1:" + std::to_string(i) + "::/64", "2001:db8:1::/48", 1, i);
    }
    auto const listed = [&](std::uint32_t most, int now) {
        return admin.db().list_throttled_networks(few_attempts, most, at(now));
    };
    auto const both = listed(2, 20);
    REQUIRE(both.size() == 2);
    CHECK(both[0].network == known_network);
    CHECK(both[0].by == throttled_network::limit::registrations);
    CHECK(both[0].count == 2);
    CHECK(both[0].since == at(5));
    CHECK(both[0].until == at(5 + 3600));
    CHECK(both[1].network == "2001:db8:1::/48");
    CHECK(both[1].count == 16);
    CHECK(both[1].until == at(3600));
    CHECK(listed(2, 5 + 3600).empty());
    CHECK(listed(0, 20).empty());
}

TEST_CASE("the history of an account and a network is what porterd decides by")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.open(1);
    admin.store->add_counter(admin.alice.id, "", 2, at(5));
    admin.store->add_counter(admin.alice.id, known_network, 1, at(6));
    admin.fail(known_network, 1, 10);
    admin.fail(known_network, 2, 20);
    auto const known = admin.db().history_of(admin.alice.id, known_network, few_attempts, at(30));
    CHECK(known.is_known_network);
    CHECK(known.failures.failures == 1);
    CHECK(known.failures.last_failed_at == at(6));
    CHECK(known.network_full_since == at(10));
    auto const unknown = admin.db().history_of(admin.alice.id, "198.51.100.1", few_attempts, at(30));
    CHECK_FALSE(unknown.is_known_network);
    CHECK(unknown.failures.failures == 2);
    CHECK_FALSE(unknown.network_full_since);
    auto const none = admin.db().history_of(std::nullopt, known_network, few_attempts, at(30));
    CHECK(none.failures.failures == 0);
    CHECK(none.network_full_since == at(10));
}
