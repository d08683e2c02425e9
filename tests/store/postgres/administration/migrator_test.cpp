// Migrations of a PostgreSQL database, by the owner of the schema.
#include "store/postgres/administration/migration.hpp"

#include <array>
#include <thread>

#include "store/postgres/administration/fixture.hpp"
#include "store/postgres/administration/migrator.hpp"

using namespace porter::testing;
using porter::start_errc;
using porter::detail::store::accepted_schema;
using porter::detail::store::administration_errc;
namespace postgres = porter::detail::store::postgres;

namespace {

database_administration open_older(postgres_fixture const& fixture, std::string const& role)
{
    return database_administration{fixture.options(role), accepted_schema::older};
}

}  // namespace

TEST_CASE("the newest migration is the version of the schema")
{
    CHECK(administration::migrations().back().version == postgres::schema_version);
}

TEST_CASE("all migrations are applied to an empty database once")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture{"porter_empty"};
    auto db = open_older(fixture, "owner");
    CHECK(db.status().version == 0);
    auto const steps = db.migrate();
    REQUIRE(steps.size() == administration::migrations().size());
    CHECK(steps.back().version == postgres::schema_version);
    CHECK(steps.back().name == administration::migrations().back().name);
    CHECK(steps.back().applied_at.time_since_epoch().count() > 0);
    CHECK(db.migrate().empty());
    database_administration administrator{fixture.options("porterctl")};
    CHECK(administrator.status().version == postgres::schema_version);
    CHECK(administrator.find_faults().empty());
    CHECK(fixture.administrator().run("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'porter'") ==
          "porter_owner");
    CHECK_NOTHROW(postgres::check(fixture.options()));
}

TEST_CASE("a migrated database is that of the migrations applied by psql")
{
    NEEDS_POSTGRESQL();
    postgres_fixture by_porterctl{"porter_empty"};
    open_older(by_porterctl, "owner").migrate();
    postgres_fixture const by_psql;
    auto const columns =
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'porter' ORDER BY 1, 2";
    auto const privileges =
        "SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema = 'porter' ORDER BY 1, 2, 3";
    for (auto const* const query : {columns, privileges}) {
        CHECK(by_porterctl.administrator().run(query) == by_psql.administrator().run(query));
    }
}

TEST_CASE("of several programs that migrate at once one applies each step")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture{"porter_empty"};
    std::array<std::size_t, 3> applied{};
    {
        std::vector<std::jthread> programs;
        for (auto& count : applied) {
            programs.emplace_back([&] { count = open_older(fixture, "owner").migrate().size(); });
        }
    }
    CHECK(applied[0] + applied[1] + applied[2] == administration::migrations().size());
}

TEST_CASE("a role that is no owner cannot migrate")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture{"porter_empty"};
    auto const* const role = GENERATE("porterctl", "node", "nothing");
    auto db = open_older(fixture, role);
    auto const error = start_error_of([&] { db.migrate(); });
    CHECK(error.code() == start_errc::configuration);
    CHECK(mentions(error, std::string{"the role "} + role + " is no member of porter_owner"));
    CHECK(fixture.administrator().run("SELECT count(*) FROM pg_tables WHERE schemaname = 'porter'") == "0");
}

TEST_CASE("a database without the schema names the script that makes it")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture{"template0"};
    auto db = open_older(fixture, "owner");
    CHECK(db.status().version == 0);
    auto const error = start_error_of([&] { db.migrate(); });
    CHECK(error.code() == start_errc::configuration);
    CHECK(mentions(error, "roles.sql"));
}

TEST_CASE("a migration that fails is named and changes nothing")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture{"porter_empty"};
    auto psql = fixture.administrator();
    psql.run("CREATE TABLE porter.sessions (id int)");
    auto db = open_older(fixture, "owner");
    auto const error = start_error_of([&] { db.migrate(); });
    CHECK(error.code() == start_errc::bad_data);
    CHECK(mentions(error, "the migration 1 (state) failed"));
    CHECK(mentions(error, "\"sessions\" already exists"));
    CHECK(psql.run("SELECT count(*) FROM pg_tables WHERE schemaname = 'porter'") == "1");
    psql.run("DROP TABLE porter.sessions");
    CHECK(db.migrate().size() == administration::migrations().size());
}

TEST_CASE("an error of the moment fails a migration and is not bad data")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture{"porter_empty"};
    auto const [sqlstate, expected] = GENERATE(table<char const*, administration_errc>({
        {"53100", administration_errc::io},           // a full disk
        {"57014", administration_errc::unavailable},  // canceled
        {"57P01", administration_errc::unavailable},  // the server shuts down
        {"40P01", administration_errc::unavailable},  // a deadlock
        {"55P03", administration_errc::unavailable},  // a lock
    }));
    auto psql = fixture.administrator();
    psql.run("CREATE FUNCTION porter.fail() RETURNS event_trigger" + raising(sqlstate));
    psql.run("CREATE EVENT TRIGGER fail ON ddl_command_start EXECUTE FUNCTION porter.fail()");
    auto db = open_older(fixture, "owner");
    INFO(sqlstate);
    CHECK(error_of([&] { db.migrate(); }).code() == expected);
    psql.run("DROP EVENT TRIGGER fail");
    CHECK(db.migrate().size() == administration::migrations().size());
}

TEST_CASE("a connection that is lost during a migration is unavailable")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture{"porter_empty"};
    auto psql = fixture.administrator();
    psql.run(
        "CREATE FUNCTION porter.wait() RETURNS event_trigger LANGUAGE plpgsql"
        " AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); END $$");
    psql.run("CREATE EVENT TRIGGER wait ON ddl_command_start EXECUTE FUNCTION porter.wait()");
    psql.run("SELECT pg_advisory_lock(7)");
    auto db = open_older(fixture, "owner");
    auto const error = end_session_during([&] { return error_of([&] { db.migrate(); }); }, psql);
    CHECK(error.code() == administration_errc::unavailable);
    CHECK(mentions(error, "terminating connection"));
    psql.run("SELECT pg_advisory_unlock(7)");
    CHECK(db.migrate().size() == administration::migrations().size());
}

TEST_CASE("a newer schema is not migrated")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    administration::blocking_connection owner{fixture.options("owner")};
    auto psql = fixture.administrator();
    psql.run("INSERT INTO schema_migrations (version, name, works_with) VALUES (98, 'later', 1)");
    CHECK(administration::migrate(owner).empty());
    CHECK_NOTHROW(open_older(fixture, "porterctl").status());
    psql.run("INSERT INTO schema_migrations (version, name, works_with) VALUES (99, 'incompatible', 99)");
    for (auto const& error : {start_error_of([&] { administration::migrate(owner); }),
                              start_error_of([&] { open_older(fixture, "owner"); }),
                              start_error_of([&] { open_older(fixture, "porterctl"); })}) {
        CHECK(error.code() == start_errc::bad_data);
        CHECK(mentions(error, "install a newer one"));
    }
}

TEST_CASE("a database without a schema is rejected unless it is to be migrated")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture{"porter_empty"};
    auto const error = start_error_of([&] { database_administration{fixture.options("porterctl")}; });
    CHECK(error.code() == start_errc::bad_data);
    CHECK(mentions(error, "porterctl db migrate"));
}
