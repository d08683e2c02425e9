// Promise S6 of SECURITY.md.
#include "store/sqlite/migrator.hpp"

#include <array>
#include <vector>

#include "store/sqlite/database_fixture.hpp"
#include "store/sqlite/sqlite_error.hpp"

using namespace porter::testing;
using porter::start_error;
using porter::detail::store::sqlite::database;
using porter::detail::store::sqlite::migrate;
using porter::detail::store::sqlite::migration;
using porter::detail::store::sqlite::migrations;
using std::filesystem::perms;

namespace {

std::vector<migration> with_next(std::string_view sql)
{
    std::vector<migration> steps{migrations().begin(), migrations().end()};
    steps.push_back({static_cast<int>(steps.size()) + 1, "next", sql});
    return steps;
}

void migrate_file(database_fixture& fixture, std::vector<migration> const& steps)
{
    database db{fixture.options.path, database::access::read_write};
    migrate(db, fixture.options.path, steps, fixture.log);
}

std::vector<std::filesystem::path> backups(database_fixture const& fixture)
{
    std::vector<std::filesystem::path> found;
    for (auto const& entry : std::filesystem::directory_iterator{fixture.folder.path()}) {
        if (entry.path().string().find(".before-v") != std::string::npos) found.push_back(entry.path());
    }
    return found;
}

void make_database(database_fixture& fixture)
{
    fixture.open();
    fixture.add(account_of("alice"));
    fixture.close();
}

/// Alice was seen at 192.0.2.1 twice and at an IPv6 address once; the name Bob was claimed at 192.0.2.2.
bool make_file_of_version_1(database_fixture& fixture)
{
    write_file(fixture.options.path, "");
    database db{fixture.options.path, database::access::read_write};
    migrate(db, fixture.options.path, migrations().first(1), fixture.log);
    db.execute(
        "INSERT INTO accounts (name, folded_name, password_hash) VALUES ('alice', 'alice', 'h');"
        "INSERT INTO addresses VALUES ('192.0.2.1', 'alice', 1, 5, 7), ('2001:db8::1', 'alice', 1, 5, 7),"
        " ('192.0.2.2', 'Bob', NULL, 5, 7);"
        "INSERT INTO sessions (account_id, token_digest, created_at, last_used_at, expires_at, address, transport,"
        " credential_version) VALUES (1, zeroblob(32), 6, 9, 1000, '192.0.2.1', 'plain', 1)");
    return db.integer("PRAGMA user_version") == 1;
}

std::string const newest = std::to_string(migrations().back().version);
std::string const next = std::to_string(migrations().back().version + 1);

}  // namespace

TEST_CASE("migrations are numbered from one without a gap")
{
    int expected = 0;
    for (auto const& step : migrations()) CHECK(step.version == ++expected);
}

TEST_CASE("a new database has every migration and needs no backup")
{
    database_fixture fixture;
    make_database(fixture);
    CHECK(fixture.administrator().run("SELECT count(*) FROM schema_migrations") == newest);
    CHECK(fixture.administrator().run("PRAGMA user_version") == newest);
    CHECK(fixture.log.count("store_migrated") == migrations().size());
    CHECK(backups(fixture).empty());
}

TEST_CASE("opening a database of today's version migrates nothing")
{
    database_fixture fixture;
    make_database(fixture);
    auto const before = fixture.log.count("store_migrated");
    fixture.open();
    CHECK(fixture.log.count("store_migrated") == before);
    CHECK(backups(fixture).empty());
}

TEST_CASE("an older database is backed up before it is migrated")
{
    database_fixture fixture;
    make_database(fixture);
    migrate_file(fixture, with_next("CREATE TABLE extra (value INTEGER) STRICT"));
    CHECK(fixture.administrator().run("PRAGMA user_version") == next);
    CHECK(fixture.administrator().run("SELECT version, name FROM schema_migrations WHERE version = " + next) ==
          next + "|next");
    CHECK(fixture.administrator().run("SELECT count(*) FROM extra") == "0");

    REQUIRE(backups(fixture).size() == 1);
    auto const copy = backups(fixture).front();
    CHECK(copy.filename().string().starts_with("porter.db.before-v" + next + "-2"));
    CHECK(mode_of(copy) == (perms::owner_read | perms::owner_write));
    CHECK(shell{copy}.run("PRAGMA user_version") == newest);
    CHECK(shell{copy}.run("PRAGMA application_id") == "1349481076");
    CHECK(shell{copy}.run("SELECT name FROM accounts") == "alice");
    CHECK(shell{copy}.run("PRAGMA integrity_check") == "ok");
}

TEST_CASE("several migrations create one backup")
{
    database_fixture fixture;
    make_database(fixture);
    auto steps = with_next("CREATE TABLE extra (value INTEGER) STRICT");
    steps.push_back({steps.back().version + 1, "one_more", "DROP TABLE extra"});
    migrate_file(fixture, steps);
    CHECK(fixture.administrator().run("PRAGMA user_version") == std::to_string(steps.back().version));
    CHECK(backups(fixture).size() == 1);
}

TEST_CASE("backups of the same second are all kept")
{
    database_fixture fixture;
    make_database(fixture);
    for (int round = 0; round < 3; ++round) {
        migrate_file(fixture, with_next("CREATE TABLE extra (value INTEGER) STRICT"));
        fixture.administrator().run("DROP TABLE extra; DELETE FROM schema_migrations WHERE version = " + next +
                                    "; PRAGMA user_version = " + newest);
    }
    CHECK(backups(fixture).size() == 3);
}

TEST_CASE("a migration that fails leaves the version before it")
{
    database_fixture fixture;
    make_database(fixture);
    auto const steps = with_next("CREATE TABLE extra (value INTEGER) STRICT; INSERT INTO nowhere VALUES (1)");
    CHECK_THROWS_AS(migrate_file(fixture, steps), start_error);
    CHECK(fixture.administrator().run("PRAGMA user_version") == newest);
    CHECK(fixture.administrator().run("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'") == "0");
    CHECK_FALSE(fixture.open_error());
}

TEST_CASE("a migration that leaves a dangling reference fails")
{
    database_fixture fixture;
    make_database(fixture);
    auto const steps = with_next(
        "INSERT INTO addresses (address, name, account_id, first_seen_at, last_seen_at) VALUES ('a', 'b', 77, 1, 1)");
    CHECK_THROWS_AS(migrate_file(fixture, steps), start_error);
    CHECK(fixture.administrator().run("PRAGMA user_version") == newest);
}

TEST_CASE("a migration is not applied twice")
{
    database_fixture fixture;
    make_database(fixture);
    auto const steps = with_next("CREATE TABLE extra (value INTEGER) STRICT");
    migrate_file(fixture, steps);
    migrate_file(fixture, steps);
    CHECK(backups(fixture).size() == 1);
}

TEST_CASE("networks known before version 2 are known after it")
{
    database_fixture fixture;
    REQUIRE(make_file_of_version_1(fixture));
    fixture.open();
    CHECK(fixture.administrator().run(
              "SELECT account_id, network, first_seen_at, last_seen_at FROM account_networks") == "1|192.0.2.1|5|9");
}

TEST_CASE("attempts that were pending before version 7 are rolled back after it")
{
    database_fixture fixture;
    write_file(fixture.options.path, "");
    {
        database db{fixture.options.path, database::access::read_write};
        migrate(db, fixture.options.path, migrations().first(6), fixture.log);
        db.execute(
            "INSERT INTO accounts (name, folded_name, password_hash, failed_since) VALUES ('alice', 'alice', 'h', 2);"
            "INSERT INTO password_ladders VALUES (1, '', 2, 5000);"
            "INSERT INTO network_failures (network, failed_at) VALUES ('192.0.2.1', 5), ('192.0.2.2', 5);"
            "INSERT INTO undecided_tries (failure_id, network, account_id, is_known_network, at_ms, last_ms_before)"
            " VALUES (1, '192.0.2.1', 1, 0, 5000, 0), (2, '192.0.2.2', 1, 0, 5000, 5000)");
    }
    fixture.open();
    CHECK(fixture.administrator().run("SELECT failed_since FROM accounts") == "0");
    CHECK(fixture.administrator().run("SELECT count(*) FROM network_failures") == "0");
    CHECK(fixture.administrator().run("SELECT count(*) FROM undecided_tries") == "0");
    CHECK(fixture.administrator().run("SELECT count(*) FROM password_ladders") == "0");
}

TEST_CASE("sessions opened before version 7 have no previous login after it")
{
    database_fixture fixture;
    REQUIRE(make_file_of_version_1(fixture));
    fixture.open();
    CHECK(fixture.administrator().run("SELECT before_at IS NULL, before_address, before_failed FROM sessions") ==
          "1||0");
}
