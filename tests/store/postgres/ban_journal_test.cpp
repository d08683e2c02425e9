// How the bans are read from PostgreSQL (promise N17).
#include "store/postgres/ban_journal.hpp"

#include <set>
#include <string>

#include "store/limits.hpp"
#include "store/postgres/real_connection.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
using porter::detail::store::ban;
using porter::detail::store::postgres::ban_journal;
using porter::detail::store::postgres::outcome;
using porter::detail::store::postgres::segment;

namespace {

struct ban_fixture {
    void look()
    {
        segment work{segment::effect::reads};
        ban_journal::add_look(work);
        auto const answer = conn.send(std::move(work));
        REQUIRE(answer.outcome == outcome::done);
        journal.take_look(answer.results.at(0), now);
    }

    std::optional<std::vector<ban>> read_part()
    {
        auto const answer = conn.send(journal.read());
        REQUIRE(answer.outcome == outcome::done);
        return journal.take(answer, now);
    }

    /// Adds bans of this many addresses from 10.0.0.0 on.
    void add(std::size_t count)
    {
        by.run("INSERT INTO porter.bans (network) SELECT host('10.0.0.0'::inet + i) FROM generate_series(0, " +
               std::to_string(count - 1) + ") AS i");
    }

    postgres_fixture database;
    sql_session by = database.administrator();
    real_connection conn{database};
    ban_journal journal;
    ban_journal::time now{};
};

}  // namespace

TEST_CASE("bans are read again only when one has changed")
{
    NEEDS_POSTGRESQL();
    ban_fixture fixture;
    fixture.look();
    REQUIRE(fixture.journal.is_reading());
    CHECK(fixture.read_part() == std::vector<ban>{});
    CHECK_FALSE(fixture.journal.is_reading());
    fixture.look();
    CHECK_FALSE(fixture.journal.is_reading());
    fixture.by.run("INSERT INTO porter.bans (network, is_silent) VALUES ('192.0.2.0/24', true)");
    fixture.look();
    REQUIRE(fixture.journal.is_reading());
    CHECK(fixture.read_part() == std::vector<ban>{{"192.0.2.0/24", {}, true}});
    fixture.journal.on_connected();
    fixture.look();
    CHECK(fixture.journal.is_reading());
}

TEST_CASE("a long list of bans is read in parts and again when it has changed between them")
{
    NEEDS_POSTGRESQL();
    ban_fixture fixture;
    constexpr std::size_t count = ban_journal::bans_at_once + 1;
    fixture.add(count);
    fixture.look();
    CHECK_FALSE(fixture.read_part());
    fixture.by.run("DELETE FROM porter.bans WHERE network = '10.0.0.0'");
    fixture.look();  // this goes on with the list
    auto const all = fixture.read_part();
    REQUIRE(all);
    std::set<std::string> networks;
    for (auto const& each : *all) networks.insert(each.network);
    CHECK(networks.size() == count);
    fixture.look();
    CHECK_FALSE(fixture.journal.is_reading());  // too soon after a long one
    fixture.now += 1s;
    fixture.look();
    REQUIRE(fixture.journal.is_reading());
    CHECK_FALSE(fixture.read_part());  // a part that is full may not be the last one
    auto const rest = fixture.read_part();
    REQUIRE(rest);
    CHECK(rest->size() == count - 1);
}

TEST_CASE("bans beyond the limit are not read but for one")
{
    NEEDS_POSTGRESQL();
    ban_fixture fixture;
    fixture.by.run("DROP TRIGGER audit_ban_changed ON porter.bans");  // a row of audit for each would take long
    fixture.add(porter::detail::store::most_bans + 10);
    fixture.look();
    std::optional<std::vector<ban>> all;
    while (!all) all = fixture.read_part();
    CHECK(all->size() == porter::detail::store::most_bans + 1);
}

TEST_CASE("any spelling of a network that PostgreSQL knows is read")
{
    NEEDS_POSTGRESQL();
    ban_fixture fixture;
    fixture.by.run("INSERT INTO porter.bans (network) VALUES ('10/8'), ('192.0.2.7/32'), ('2001:DB8:0::7/64')");
    fixture.look();
    CHECK(fixture.read_part() ==
          std::vector<ban>{{"10.0.0.0/8", {}, false}, {"192.0.2.7", {}, false}, {"2001:db8::7/64", {}, false}});
}
