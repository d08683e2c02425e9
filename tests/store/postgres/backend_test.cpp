#include "store/postgres/backend.hpp"

#include "porter/start_error.hpp"
#include "porter/testing/recording_log.hpp"
#include "store/postgres/cluster.hpp"
#include "support/run.hpp"

using namespace porter::testing;
namespace postgres = porter::detail::store::postgres;
using porter::store::errc;

TEST_CASE("a store on PostgreSQL has the clock of the database when it is open")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    recording_log log;
    auto by = database.administrator();
    auto const before = std::stoll(by.run("SELECT unix_time()"));
    auto const opened = postgres::open(database.options(), log);
    auto const* const clock = opened->ports().clock;
    REQUIRE(clock != nullptr);
    CHECK(clock->now().time_since_epoch().count() >= before - 1);
    CHECK(by.run("SELECT count(*) FROM nodes") == "1");
}

TEST_CASE("a store on a database that commits nothing is not opened")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    recording_log log;
    auto by = database.administrator();
    by.run("BEGIN; LOCK TABLE nodes");
    auto options = database.options();
    options.resolve_patience = std::chrono::milliseconds{100};
    try {
        postgres::open(options, log);
        FAIL("it was opened");
    } catch (porter::start_error const& error) {
        CHECK(error.code() == porter::start_errc::unavailable);
    }
}

TEST_CASE("problems of the database are warnings and logged")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    recording_log log;
    auto const opened = postgres::open(database.options(), log);
    CHECK(opened->warnings().size() == 3);
    CHECK(log.count("database_warning") == 3);
}

TEST_CASE("a store whose schema became too new is unavailable but for the sessions that ended")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    recording_log log;
    asio::io_context io;  // outlives the store
    auto const opened = postgres::open(database.options(), log);
    auto const ports = opened->ports();
    REQUIRE(run(io, ports.accounts.find_claimed("alice")));
    auto by = database.administrator();
    by.run("INSERT INTO schema_migrations (version, name, works_with) VALUES (99, 'later', 99)");
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (run(io, ports.accounts.find_claimed("alice"))) REQUIRE(std::chrono::steady_clock::now() < deadline);
    CHECK(run(io, ports.accounts.find_claimed("alice")).error() == errc::unavailable);
    CHECK(run(io, ports.sessions.end_all(1, porter::store::end_cause::logout)).error() == errc::unavailable);
    CHECK(log.count("database_lost") == 1);
    CHECK(run(io, ports.sessions.find_ended({7}, ports.clock->now())).has_value());
}
