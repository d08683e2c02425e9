// Promise N15 of SECURITY.md: the limits of the database's growth persist over a restart.
#include "store/limits.hpp"
#include "store/sqlite/database_fixture.hpp"

using namespace porter::testing;
namespace store = porter::detail::store;

namespace {

store::secret_attempt registration(int seconds)
{
    auto attempt = attempt_at(std::nullopt, "192.0.2.1", seconds);
    attempt.max_registrations = 1;
    return attempt;
}

}  // namespace

TEST_CASE("a network's registrations are counted over a restart unless they were pending")
{
    database_fixture fixture;
    auto const ports = fixture.open();
    REQUIRE(fixture.run(ports.attempts.begin(registration(0), few_attempts))->decision.allows());
    fixture.close();

    auto const again = fixture.open();
    auto const attempt = fixture.run(again.attempts.begin(registration(1), few_attempts));
    REQUIRE(attempt->decision.allows());
    auto first = session_of({}, 1);
    first.attempt = attempt->counted;
    REQUIRE(fixture.run(again.sessions.open_first(account_of("alice"), first)));
    fixture.close();

    auto const third = fixture.open();
    CHECK(fixture.run(third.attempts.begin(registration(2), few_attempts))->decision.by ==
          store::decision::rule::registrations_used_up);
    CHECK(fixture.administrator().run("SELECT network, registrations FROM registration_list") == "");  // of 1970
    CHECK(fixture.administrator().run("SELECT network FROM registrations") == "192.0.2.1");
}

TEST_CASE("registrations older than an hour are removed")
{
    database_fixture fixture;
    auto const ports = fixture.open();
    for (int hour = 0; hour < 5; ++hour) {
        auto const attempt = fixture.run(ports.attempts.begin(registration(3600 * hour), few_attempts));
        REQUIRE(attempt->decision.allows());
        auto first = session_of({}, hour, 3600 * hour);
        first.attempt = attempt->counted;
        REQUIRE(fixture.run(ports.sessions.open_first(account_of("account " + std::to_string(hour)), first)));
    }
    CHECK(fixture.administrator().run("SELECT count(*) FROM registrations") == "1");
}

TEST_CASE("beyond the limit of all addresses the one seen longest ago is deleted")
{
    database_fixture fixture;
    auto const ports = fixture.open();
    auto const record = [&](std::string const& address, int seconds) {
        REQUIRE(fixture.run(ports.addresses.record(address, address, "Eve", std::nullopt, at(seconds))));
    };
    auto const stored = [&] {
        return fixture.administrator().run(
            "SELECT group_concat(address, ' ') FROM (SELECT address FROM addresses ORDER BY address)");
    };
    for (int i = 1; i <= 4; ++i) record("192.0.2." + std::to_string(i), i);
    record("192.0.2.1", 10);
    CHECK(fixture.administrator().run("SELECT addresses FROM address_count") == "4");
    fixture.administrator().run("UPDATE address_count SET addresses = " + std::to_string(store::most_addresses));
    record("192.0.2.5", 11);
    CHECK(stored() == "192.0.2.1 192.0.2.3 192.0.2.4 192.0.2.5");
    CHECK(fixture.administrator().run("SELECT addresses FROM address_count") == std::to_string(store::most_addresses));
    record("192.0.2.5", 12);
    CHECK(stored() == "192.0.2.1 192.0.2.3 192.0.2.4 192.0.2.5");
    fixture.administrator().run("UPDATE address_count SET addresses = " + std::to_string(store::most_addresses + 100));
    record("192.0.2.6", 13);
    CHECK(stored() == "192.0.2.1 192.0.2.5 192.0.2.6");
}

TEST_CASE("the oldest addresses of a network are found by an index and without sorting")
{
    database_fixture fixture;
    fixture.open();
    for (std::string const column : {"network", "site"}) {
        auto const query_plan = fixture.administrator().run("EXPLAIN QUERY PLAN SELECT address FROM addresses WHERE " +
                                                            column + " = 'x' AND " + column +
                                                            " <> '' ORDER BY last_seen_at DESC LIMIT -1 OFFSET 256");
        CHECK(query_plan.find("USING COVERING INDEX addresses_by_" + column) != std::string::npos);
        CHECK(query_plan.find("TEMP B-TREE") == std::string::npos);
    }
}
