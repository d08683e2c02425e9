#include "store/postgres/heartbeat.hpp"

#include "store/postgres/real_connection.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
using porter::instant;
using porter::detail::store::postgres::heartbeat;
using porter::detail::store::postgres::outcome;
using porter::detail::store::postgres::shared_clock;

namespace {

struct heartbeat_fixture {
    /// Returns the time from sending to receiving.
    shared_clock::steady::duration beat(heartbeat& of)
    {
        auto const sent = shared_clock::steady::now();
        auto const answer = conn.send(of.beat());
        auto const received = shared_clock::steady::now();
        INFO(answer.error.message);
        REQUIRE(answer.outcome == outcome::done);
        of.take(answer, sent, received);
        return received - sent;
    }

    instant database_time()
    {
        auto const text = by.run("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint");
        return instant{std::chrono::milliseconds{std::stoll(text)}};
    }

    postgres_fixture database;
    sql_session by = database.administrator();
    real_connection conn{database};
    shared_clock clock;
};

}  // namespace

TEST_CASE("each server has one row that it writes again")
{
    NEEDS_POSTGRESQL();
    heartbeat_fixture fixture;
    heartbeat one{fixture.clock};
    heartbeat other{fixture.clock};
    fixture.beat(one);
    fixture.beat(other);
    auto const seen = [&] {
        return std::stoll(fixture.by.run("SELECT seen_at_ms FROM nodes WHERE id = " + std::to_string(one.id())));
    };
    auto const first = seen();
    auto const before = fixture.database_time();
    fixture.beat(one);
    CHECK(seen() >= first);
    CHECK(seen() >= before.time_since_epoch().count());
    CHECK(fixture.by.run("SELECT count(*) FROM node_list") == "2");
}

TEST_CASE("rows of servers that stopped long ago are removed")
{
    NEEDS_POSTGRESQL();
    heartbeat_fixture fixture;
    fixture.by.run(
        "INSERT INTO nodes SELECT id, 'm', 'v', 1, 1, (unix_time() - days * 86400) * 1000"
        " FROM (VALUES (1, 6), (2, 8)) AS stopped (id, days)");
    heartbeat one{fixture.clock};
    fixture.beat(one);
    CHECK(fixture.by.run("SELECT id FROM nodes WHERE name = 'm'") == "1");
}

TEST_CASE("a heartbeat sets the shared clock to that of the database within its round trip")
{
    NEEDS_POSTGRESQL();
    heartbeat_fixture fixture;
    // As if this machine's clock were an hour ahead.
    auto const now = shared_clock::steady::now();
    fixture.clock.correct(fixture.clock.now_precise() + 1h, now - 2s, now - 2s);
    heartbeat one{fixture.clock};
    auto const round_trip = fixture.beat(one);
    auto const before = fixture.database_time();
    auto const shown = fixture.clock.now_precise();
    auto const after = fixture.database_time();
    CHECK(shown >= before - round_trip - 1ms);
    CHECK(shown <= after + round_trip + 1ms);
}

TEST_CASE("a heartbeat learns of a schema for newer programs")
{
    NEEDS_POSTGRESQL();
    heartbeat_fixture fixture;
    heartbeat one{fixture.clock};
    fixture.beat(one);
    CHECK(one.works_with() == 1);
    fixture.by.run("INSERT INTO schema_migrations (version, name, works_with) VALUES (99, 'next', 99)");
    fixture.beat(one);
    CHECK(one.works_with() == 99);
}
