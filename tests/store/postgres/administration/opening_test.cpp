// How an administrator reaches a PostgreSQL database, and what its role may do.
#include "store/postgres/administration/fixture.hpp"
#include "store/support/samples.hpp"
#include "support/temporary_folder.hpp"

using namespace porter::testing;
using porter::start_errc;
using porter::detail::store::accepted_schema;
using porter::detail::store::administration_errc;
namespace postgres = porter::detail::store::postgres;

TEST_CASE("a database is shown by its URL without parameters")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    database_administration const db{fixture.options("porterctl")};
    CHECK(db.display_name() == "postgresql://porterctl@" + cluster::instance().folder() + ":5432/" + fixture.name());
}

TEST_CASE("a database that cannot be reached is unavailable and the reason is named")
{
    temporary_folder const empty;
    postgres::options options{
        .address = postgres::address::parse("postgresql:///porter?user=x&host=" + empty.path().string())};
    auto const error = start_error_of([&] { database_administration{options}; });
    CHECK(error.code() == start_errc::unavailable);
    CHECK(mentions(error, empty.path().string()));
}

TEST_CASE("a login that the server refuses is a wrong configuration")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto const error = start_error_of([&] { database_administration{fixture.options("unknown_role")}; });
    CHECK(error.code() == start_errc::configuration);
    CHECK(mentions(error, "role \"unknown_role\" does not exist"));
    CHECK_FALSE(mentions(error, "28000"));
    CHECK_FALSE(mentions(error, ".c:"));
}

TEST_CASE("a database that does not exist is a wrong configuration")
{
    NEEDS_POSTGRESQL();
    postgres::options options{.address = postgres::address::parse(
                                  "postgresql:///no_such_database?user=porterctl&host=" + cluster::instance().folder()),
                              .host_timeout = std::chrono::seconds{60}};
    auto const error = start_error_of([&] { database_administration{options}; });
    CHECK(error.code() == start_errc::configuration);
    CHECK(mentions(error, "no_such_database"));
}

TEST_CASE("a role without the privileges of an administrator is rejected")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto const* const role = GENERATE("nothing", "reader");
    auto const error = start_error_of([&] { database_administration{fixture.options(role)}; });
    CHECK(error.code() == start_errc::configuration);
    CHECK(mentions(error, std::string{"the role "} + role));
    CHECK(mentions(error, "porter_administrator"));
    auto older = database_administration{fixture.options(role), accepted_schema::older};
    CHECK(start_error_of([&] { older.status(); }).code() == start_errc::configuration);
}

TEST_CASE("an administrator can neither write the journal nor open sessions nor change the schema")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto psql = fixture.session_of("porterctl");
    psql.run("SET search_path = porter");
    for (auto const* const denied :
         {"INSERT INTO ended_sessions (session_id, account_name, cause) VALUES (1, '', '')",
          "DELETE FROM ended_sessions",
          "INSERT INTO sessions (account_id, token_digest, created_at, last_used_at, expires_at, address, transport,"
          " credential_version) VALUES (1, '', 1, 1, 1, '', 'tls', 1)",
          "UPDATE sessions SET expires_at = 0",
          "INSERT INTO attempts (id, network, at_ms, is_pending) VALUES (1, '', 1,"
          " false)",
          "SELECT * FROM unknown_failure_counters", "DELETE FROM nodes", "SELECT setval('accounts_id_seq', 1)",
          "TRUNCATE accounts CASCADE", "ALTER TABLE accounts ADD COLUMN more text", "CREATE TABLE porter.more (id int)",
          "DELETE FROM schema_migrations", "SET ROLE porter_owner"}) {
        INFO(denied);
        auto const error = psql.error_of(denied);
        bool const is_denied =
            error.find("permission denied") != std::string::npos || error.find("must be owner") != std::string::npos;
        CHECK(is_denied);
    }
}

TEST_CASE("a reader sees the views alone")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto psql = fixture.session_of("reader");
    psql.run("SET search_path = porter");
    CHECK(psql.error_of("SELECT * FROM account_list").empty());
    CHECK(psql.error_of("SELECT * FROM node_list").empty());
    CHECK_FALSE(psql.error_of("SELECT * FROM accounts").empty());
    CHECK_FALSE(psql.error_of("SELECT * FROM sessions").empty());
}

TEST_CASE("no role makes the trigger of the journal one of a table of its own")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto psql = fixture.session_of(GENERATE("reader", "porterctl", "node"));
    psql.run(
        "CREATE TEMPORARY TABLE mine (id bigint, account_id bigint, credential_version bigint, expires_at bigint)");
    auto const* const make_trigger =
        "CREATE TRIGGER forge AFTER DELETE ON mine REFERENCING OLD TABLE AS ended"
        " FOR EACH STATEMENT EXECUTE FUNCTION porter.note_ended_sessions()";
    CHECK(psql.error_of(make_trigger).find("permission denied for function") != std::string::npos);
    auto const* const open_functions =
        "SELECT string_agg(proname, ' ') FROM pg_proc WHERE pronamespace = 'porter'::regnamespace AND prosecdef"
        " AND has_function_privilege('public', oid, 'EXECUTE')";
    CHECK(fixture.administrator().run(open_functions).empty());
}

TEST_CASE("an administrator goes on after its connection was ended")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    database_administration db{fixture.options("porterctl")};
    auto psql = fixture.administrator();
    auto const end_connections = [&] {
        psql.run(
            "SELECT count(pg_terminate_backend(pid, 20000)) FROM pg_stat_activity WHERE usename = 'porterctl'"
            " AND datname = current_database()");
    };
    end_connections();
    CHECK(db.list_accounts().empty());
    end_connections();
    auto const added = db.add_account("Alice", "alice", "hash", at(1));
    REQUIRE(added);
    CHECK(psql.run("SELECT id, name FROM accounts") == std::to_string(*added) + "|Alice");
    end_connections();
    CHECK(db.rename_account(*added, "Bob", "bob"));
    end_connections();
    CHECK(db.delete_account(*added));
}

TEST_CASE("a row that another program has locked is unavailable after some seconds")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    database_administration db{fixture.options("porterctl")};
    auto const added = db.add_account("Alice", "alice", "hash", at(1));
    REQUIRE(added);
    auto psql = fixture.administrator();
    psql.run("BEGIN");
    psql.run("UPDATE accounts SET failed_since = 1");
    auto const error = error_of([&] { (void)db.disable_account(*added, at(2)); });
    CHECK(error.code() == administration_errc::unavailable);
    CHECK(mentions(error, "is locked by another program: try again"));
    psql.run("ROLLBACK");
    CHECK(db.disable_account(*added, at(2)));
}

TEST_CASE("a missing column is bad data to an administrator")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    database_administration db{fixture.options("porterctl")};
    fixture.administrator().run("ALTER TABLE addresses DROP COLUMN first_seen_at CASCADE");
    auto const error = error_of([&] { db.list_addresses(); });
    CHECK(error.code() == administration_errc::bad_data);
    CHECK(mentions(error, "first_seen_at"));
}
