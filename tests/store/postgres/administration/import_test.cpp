// porterctl db move: everything in a file is copied into an empty PostgreSQL database.
#include "store/postgres/administration/import.hpp"

#include <asio/io_context.hpp>

#include "porter/testing/recording_log.hpp"
#include "store/postgres/administration/fixture.hpp"
#include "store/postgres/backend.hpp"
#include "store/sqlite/administration/content.hpp"
#include "store/sqlite/backend.hpp"
#include "store/support/samples.hpp"
#include "store/support/shell.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

using namespace porter::testing;
using porter::start_errc;
using porter::detail::store::administration_errc;
using porter::detail::store::content_counts;

namespace postgres = porter::detail::store::postgres;
namespace sqlite = porter::detail::store::sqlite;

namespace {

/// A file with each kind of row, as porterd writes them.
class full_file {
public:
    full_file()
    {
        options.path = folder_.path() / "porter.db";
        recording_log log;
        auto const store = sqlite::open(options, log);
        auto ports = store->ports();
        auto const first = run(io_, ports.sessions.open_first(account_of("alice"), session_of({}, 1)));
        REQUIRE(first);
        alice = account_of("alice");
        alice.id = first->account;
        alice.credential_version = 1;
        ended = open(ports, 2);
        REQUIRE(run(io_, ports.sessions.end(alice.id, ended, porter::detail::store::end_cause::logout)));
        open(ports, 3);
        fail(ports, "192.0.2.1", 10);
        fail(ports, "198.51.100.9", 11);
        REQUIRE(run(io_, ports.addresses.record("2001:db8::7", "2001:db8::/64", "Bob", std::nullopt, at(4))));
        auto pending = attempt_at(alice.id, "198.51.100.9", 12);
        REQUIRE(run(io_, ports.attempts.begin(pending, few_attempts)));
        auto registration = attempt_at(std::nullopt, "203.0.113.1", 13);
        registration.max_registrations = 5;
        REQUIRE(run(io_, ports.attempts.begin(registration, few_attempts)));
        shell{options.path}.run(
            "INSERT INTO accounts (name, folded_name, password_hash, created_at, disabled_at, rehash_count)"
            " VALUES ('Боб', 'боб', 'hash of bob', 7, 8, 2);"
            "INSERT INTO accounts (name, folded_name, password_hash) VALUES ('last', 'last', 'x');"
            "DELETE FROM accounts WHERE name = 'last';"
            "INSERT INTO bans VALUES ('192.0.2.0/24', NULL, 1, 'guessing', 9), ('2001:db8::7/64', 99, 0, '', 10);"
            "INSERT INTO invitations (id, code_digest, name, folded_name, uses, used, created_at, expires_at) VALUES"
            " (3, x'" +
            std::string(64, 'a') + "', 'Ёж', 'ёж', 1, 0, 11, 99), (5, x'" + std::string(64, 'b') +
            "', '', '', 9, 4, 12, 98);"
            "INSERT INTO password_resets VALUES (1, x'" +
            std::string(64, 'c') +
            "', 13, 97);"
            "INSERT INTO second_factors VALUES (1, x'00ff17', 57, 3, 11);"
            "INSERT INTO recovery_codes VALUES (1, zeroblob(32), NULL, NULL), (1, randomblob(32), 4, 12)");
    }

    /// No program has the file open.
    content_counts import_into(postgres_fixture const& fixture, std::string const& role = "owner") const
    {
        administration::blocking_connection to{fixture.options(role)};
        sqlite::administration::file_content from{options};
        return administration::import_content(to, from);
    }

    std::string sql(std::string const& text) const { return shell{options.path}.run(text); }

    sqlite::options options;
    porter::detail::store::account alice;
    porter::detail::store::session_id ended = 0;

private:
    porter::detail::store::session_id open(porter::detail::store::ports& ports, int number)
    {
        auto const opened = run(io_, ports.sessions.open(session_of(alice, number, number)));
        REQUIRE(opened);
        return opened->id;
    }

    void fail(porter::detail::store::ports& ports, std::string const& network, int seconds)
    {
        auto const begun = run(io_, ports.attempts.begin(attempt_at(alice.id, network, seconds), few_attempts));
        REQUIRE((begun && begun->decision.allows()));
        REQUIRE(run(io_, ports.attempts.fail(begun->counted)));
    }

    asio::io_context io_;
    temporary_folder folder_;
};

void check_empty(postgres_fixture const& fixture)
{
    auto psql = fixture.administrator();
    for (auto const* const table :
         {"accounts", "sessions", "addresses", "attempts", "registrations", "bans", "invitations", "password_resets"}) {
        CHECK(psql.run(std::string{"SELECT count(*) FROM "} + table) == "0");
    }
}

}  // namespace

TEST_CASE("every row of a file is moved as it is")
{
    NEEDS_POSTGRESQL();
    full_file const file;
    postgres_fixture const fixture;
    auto const moved = file.import_into(fixture);
    CHECK(moved == content_counts{2, 2, 2, 1, 2, 4, 1, 2, 2, 1, 1, 2});
    auto psql = fixture.administrator();
    auto const check_same = [&](std::string const& in_file, std::string const& in_database) {
        INFO(in_file);
        auto const wanted = file.sql(in_file);
        CHECK_FALSE(wanted.empty());
        CHECK(psql.run(in_database) == wanted);
    };
    auto const both = [&](std::string const& text) { check_same(text, text); };
    check_same(
        "SELECT id, name, folded_name, password_hash, credential_version, rehash_count, created_at, disabled_at,"
        " last_login_at, last_address, failed_since, last_failed_at, try_count FROM accounts ORDER BY id",
        "SELECT id, name, folded_name, password_hash, credential_version, rehash_count, created_at, disabled_at,"
        " last_login_at, last_address, failed_since, last_failed_at, attempt_count FROM accounts ORDER BY id");
    check_same(
        "SELECT id, account_id, lower(hex(token_digest)), created_at, last_used_at, expires_at, address, transport,"
        " credential_version, before_at, before_address, before_failed FROM sessions ORDER BY id",
        "SELECT id, account_id, encode(token_digest, 'hex'), created_at, last_used_at, expires_at, address, transport,"
        " credential_version, before_login_at, before_address, before_failed FROM sessions ORDER BY id");
    both("SELECT address, network, site, name, account_id, first_seen_at, last_seen_at FROM addresses ORDER BY 1");
    both("SELECT account_id, network, first_seen_at, last_seen_at FROM account_networks ORDER BY 1, 2");
    check_same("SELECT account_id, network, failed, last_ms FROM password_ladders ORDER BY 1, 2",
               "SELECT account_id, network, failed, last_ms FROM failure_counters ORDER BY 1, 2");
    check_same("SELECT network, failed_at FROM network_failures ORDER BY 1, 2",
               "SELECT network, at_ms / 1000 FROM attempts ORDER BY 1, 2");
    check_same(
        "SELECT attempt_id, network, account_id, at_ms, last_ms_before, last_failed_at_before FROM undecided_tries"
        " ORDER BY 1",
        "SELECT id, network, account_id, at_ms, last_ms_before, last_failed_at_before FROM attempts WHERE is_pending"
        " ORDER BY 1");
    check_same(
        "SELECT attempt_id, r.network, site, registered_at FROM registrations AS r JOIN undecided_tries"
        " ON registration_id = r.id",
        "SELECT attempt_id, network, site, registered_at FROM registrations");
    check_same("SELECT network, expires_at, iif(is_silent, 't', 'f'), reason, created_at FROM bans ORDER BY 1",
               "SELECT network, expires_at, is_silent, reason, created_at FROM bans ORDER BY 1");
    check_same(
        "SELECT id, lower(hex(code_digest)), name, folded_name, uses, used, created_at, expires_at"
        " FROM invitations ORDER BY 1",
        "SELECT id, encode(code_digest, 'hex'), name, folded_name, uses, used, created_at, expires_at"
        " FROM invitations ORDER BY 1");
    check_same("SELECT account_id, lower(hex(code_digest)), created_at, expires_at FROM password_resets",
               "SELECT account_id, encode(code_digest, 'hex'), created_at, expires_at FROM password_resets");
    check_same("SELECT account_id, lower(hex(sealed_secret)), last_step, last_use, created_at FROM second_factors",
               "SELECT account_id, encode(sealed_secret, 'hex'), last_step, last_use, created_at FROM second_factors");
    check_same("SELECT account_id, lower(hex(digest)), used_by, used_at FROM recovery_codes ORDER BY 2",
               "SELECT account_id, encode(digest, 'hex'), used_by, used_at FROM recovery_codes ORDER BY 2");
    database_administration db{fixture.options("porterctl")};
    CHECK(db.find_faults().empty());
}

TEST_CASE("a session that was moved is resumed by its digest")
{
    NEEDS_POSTGRESQL();
    full_file const file;
    postgres_fixture const fixture;
    file.import_into(fixture);
    recording_log log;
    asio::io_context io;
    auto const store = postgres::open(fixture.options(), log);
    auto ports = store->ports();
    auto const found = run(io, ports.sessions.find(digest(1)));
    REQUIRE((found && found->has_value()));
    CHECK((*found)->account_name == "alice");
    CHECK((*found)->session.account == file.alice.id);
    auto const ended = run(io, ports.sessions.find(digest(2)));
    REQUIRE(ended);
    CHECK_FALSE(ended->has_value());
    auto const account = run(io, ports.accounts.find("alice"));
    REQUIRE((account && account->has_value()));
    CHECK((*account)->password_hash == "hash of alice");
}

TEST_CASE("ids that the file has used are not given again")
{
    NEEDS_POSTGRESQL();
    full_file const file;
    postgres_fixture const fixture;
    file.import_into(fixture);
    database_administration db{fixture.options("porterctl")};
    auto const added = db.add_account("new", "new", "hash", at(0));
    REQUIRE(added);
    CHECK(std::to_string(*added) == file.sql("SELECT seq + 1 FROM sqlite_sequence WHERE name = 'accounts'"));
    CHECK(fixture.administrator().run("SELECT last_value FROM sessions_id_seq") ==
          file.sql("SELECT seq FROM sqlite_sequence WHERE name = 'sessions'"));
}

TEST_CASE("an empty file is moved and the first ids are given next")
{
    NEEDS_POSTGRESQL();
    temporary_folder const folder;
    sqlite::options options;
    options.path = folder.path() / "porter.db";
    recording_log log;
    sqlite::open(options, log).reset();
    postgres_fixture const fixture;
    {
        administration::blocking_connection to{fixture.options("owner")};
        sqlite::administration::file_content from{options};
        CHECK(administration::import_content(to, from) == content_counts{});
    }
    database_administration db{fixture.options("porterctl")};
    CHECK(*db.add_account("new", "new", "hash", at(0)) == 1);
}

TEST_CASE("nothing is moved into a database that is not empty")
{
    NEEDS_POSTGRESQL();
    full_file const file;
    postgres_fixture const fixture;
    auto psql = fixture.administrator();
    psql.run("INSERT INTO addresses (address, name, first_seen_at, last_seen_at) VALUES ('192.0.2.99', 'x', 1, 1)");
    auto const error = start_error_of([&] { file.import_into(fixture); });
    CHECK(error.code() == start_errc::cannot_create);
    CHECK(mentions(error, "is not empty"));
    psql.run("DELETE FROM addresses");
    check_empty(fixture);
    psql.run("INSERT INTO ended_sessions (session_id, account_name, cause) VALUES (1, '', '')");
    CHECK(start_error_of([&] { file.import_into(fixture); }).code() == start_errc::cannot_create);
}

TEST_CASE("a row that the schema rejects undoes the whole move")
{
    NEEDS_POSTGRESQL();
    full_file const file;
    file.sql("PRAGMA foreign_keys = OFF; UPDATE addresses SET account_id = 999 WHERE account_id IS NOT NULL");
    postgres_fixture const fixture;
    auto const error = start_error_of([&] { file.import_into(fixture); });
    CHECK(error.code() == start_errc::bad_data);
    CHECK(mentions(error, "nothing was changed"));
    check_empty(fixture);
}

TEST_CASE("an error of the moment undoes the whole move and is not bad data")
{
    NEEDS_POSTGRESQL();
    full_file const file;
    postgres_fixture const fixture;
    auto const [sqlstate, expected] = GENERATE(table<char const*, administration_errc>({
        {"53100", administration_errc::io},           // a full disk
        {"57014", administration_errc::unavailable},  // canceled
        {"57P01", administration_errc::unavailable},  // the server shuts down
        {"40P01", administration_errc::unavailable},  // a deadlock
        {"55P03", administration_errc::unavailable},  // a lock
    }));
    auto psql = fixture.administrator();
    psql.run("CREATE FUNCTION porter.fail() RETURNS trigger" + raising(sqlstate));
    psql.run("CREATE TRIGGER fail BEFORE INSERT ON addresses EXECUTE FUNCTION porter.fail()");
    INFO(sqlstate);
    CHECK(error_of([&] { file.import_into(fixture); }).code() == expected);
    check_empty(fixture);
}

TEST_CASE("an error of a row is bad data")
{
    NEEDS_POSTGRESQL();
    full_file const file;
    postgres_fixture const fixture;
    auto const* const sqlstate = GENERATE("22003", "23514", "42703", "54000", "P0001");
    auto psql = fixture.administrator();
    psql.run("CREATE FUNCTION porter.fail() RETURNS trigger" + raising(sqlstate));
    psql.run("CREATE TRIGGER fail BEFORE INSERT ON addresses EXECUTE FUNCTION porter.fail()");
    INFO(sqlstate);
    CHECK(start_error_of([&] { file.import_into(fixture); }).code() == start_errc::bad_data);
}

TEST_CASE("a connection that is lost during a move is unavailable")
{
    NEEDS_POSTGRESQL();
    full_file const file;
    postgres_fixture const fixture;
    auto psql = fixture.administrator();
    psql.run(
        "CREATE FUNCTION porter.wait() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END $$");
    psql.run("CREATE TRIGGER wait BEFORE INSERT ON addresses FOR EACH ROW EXECUTE FUNCTION porter.wait()");
    psql.run("SELECT pg_advisory_lock(7)");
    auto const error = end_session_during([&] { return error_of([&] { file.import_into(fixture); }); }, psql);
    CHECK(error.code() == administration_errc::unavailable);
    CHECK(mentions(error, "terminating connection"));
    check_empty(fixture);
    psql.run("SELECT pg_advisory_unlock(7)");
    CHECK(file.import_into(fixture).accounts == 2);
}

TEST_CASE("what is in the way of a move is found without one")
{
    NEEDS_POSTGRESQL();
    postgres_fixture const fixture;
    administration::blocking_connection db{fixture.options("owner")};
    CHECK_NOTHROW(administration::reject_unfit_target(db));
    auto psql = fixture.administrator();
    psql.run("INSERT INTO addresses (address, name, first_seen_at, last_seen_at) VALUES ('192.0.2.99', 'x', 1, 1)");
    CHECK(start_error_of([&] { administration::reject_unfit_target(db); }).code() == start_errc::cannot_create);
    administration::blocking_connection other{fixture.options("porterctl")};
    CHECK(start_error_of([&] { administration::reject_unfit_target(other); }).code() == start_errc::configuration);
}

TEST_CASE("a file is moved into a newer database if this program can use it")
{
    NEEDS_POSTGRESQL();
    full_file const file;
    postgres_fixture const fixture;
    auto psql = fixture.administrator();
    psql.run("INSERT INTO schema_migrations (version, name, works_with) VALUES (98, 'later', 99)");
    auto const error = start_error_of([&] { file.import_into(fixture); });
    CHECK(error.code() == start_errc::bad_data);
    CHECK(mentions(error, "install a newer one"));
    check_empty(fixture);
    psql.run("UPDATE schema_migrations SET works_with = 1");
    CHECK(file.import_into(fixture).accounts == 2);
}

TEST_CASE("an administrator cannot move a file into a database")
{
    NEEDS_POSTGRESQL();
    full_file const file;
    postgres_fixture const fixture;
    auto const error = start_error_of([&] { file.import_into(fixture, "porterctl"); });
    CHECK(error.code() == start_errc::configuration);
    CHECK(mentions(error, "no member of porter_owner"));
}

TEST_CASE("a database without tables is migrated before a file is moved into it")
{
    NEEDS_POSTGRESQL();
    full_file const file;
    postgres_fixture const fixture{"porter_empty"};
    auto const error = start_error_of([&] { file.import_into(fixture); });
    CHECK(error.code() == start_errc::bad_data);
    CHECK(mentions(error, "porterctl db migrate"));
}

TEST_CASE("a file that another program has open is not moved")
{
    full_file const file;
    recording_log log;
    auto const porterd = sqlite::open(file.options, log);
    auto options = file.options;
    options.busy_timeout = std::chrono::milliseconds{1};
    auto const error = error_of([&] { sqlite::administration::file_content{options}; });
    CHECK(error.code() == administration_errc::unavailable);
}

TEST_CASE("changes of a server wait until a file has been moved")
{
    NEEDS_POSTGRESQL();
    full_file const file;
    postgres_fixture const fixture;
    auto psql = fixture.administrator();
    psql.run("BEGIN");
    psql.run("INSERT INTO accounts (name, folded_name, password_hash) VALUES ('alice', 'alice', 'hash')");
    auto const error = error_of([&] { file.import_into(fixture); });
    CHECK(error.code() == administration_errc::unavailable);
    CHECK(mentions(error, "is locked by another program"));
    psql.run("ROLLBACK");
    CHECK(file.import_into(fixture).accounts == 2);
}
