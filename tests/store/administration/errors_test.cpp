// How the errors of SQLite reach an administrator, and which schemas a file is opened with.
#include "store/administration/admin_fixture.hpp"
#include "store/sqlite/administration/translate_errors.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/migrator.hpp"

using namespace porter::testing;
using porter::start_errc;
using porter::start_error;
using porter::detail::store::accepted_schema;
using porter::detail::store::administration_errc;
using porter::detail::store::administration_error;
namespace sqlite = porter::detail::store::sqlite;

namespace {

/// The error of an operation that has to fail.
template <typename Operation>
administration_error error_of(Operation const& operation)
{
    try {
        operation();
    } catch (administration_error const& problem) {
        return problem;
    }
    FAIL("it succeeded");
    return {administration_errc::io, ""};
}

/// A database of the version before the newest.
void make_older(database_fixture& fixture)
{
    write_file(fixture.options.path, "");
    std::filesystem::permissions(fixture.options.path,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    sqlite::database db{fixture.options.path, sqlite::database::access::read_write};
    auto const steps = sqlite::migrations();
    sqlite::migrate(db, fixture.options.path, steps.first(steps.size() - 1), fixture.log);
}

administration::file_administration open_older(database_fixture const& fixture)
{
    return {fixture.options, sqlite::database::access::read_write, accepted_schema::older};
}

}  // namespace

TEST_CASE("a database that another program has locked is unavailable to an administrator")
{
    admin_fixture admin;
    admin.database.options.busy_timeout = std::chrono::milliseconds{1};
    auto other = admin.database.administrator();
    other.run("BEGIN IMMEDIATE");
    auto const problem = error_of([&] { (void)admin.db().enable_account(admin.alice.id); });
    CHECK(problem.code() == administration_errc::unavailable);
    CHECK(problem.what() == admin.database.options.path.string() + " is locked by another program: try again");
    other.run("ROLLBACK");
    CHECK(admin.db().enable_account(admin.alice.id));
}

TEST_CASE("a missing table is bad data to an administrator")
{
    admin_fixture admin;
    admin.run_sql("DROP TABLE addresses");
    auto const problem = error_of([&] { admin.db().list_addresses(); });
    CHECK(problem.code() == administration_errc::bad_data);
    auto const message = "cannot use " + admin.database.options.path.string() + ": no such table: addresses";
    CHECK(std::string{problem.what()}.starts_with(message));
}

TEST_CASE("an error of the disk is neither unavailable nor bad data to an administrator")
{
    auto const problem = administration::translated("porter.db", sqlite::error{SQLITE_IOERR_WRITE, "disk I/O error"});
    CHECK(problem.code() == administration_errc::io);
    CHECK(std::string{problem.what()} == "cannot use porter.db: disk I/O error");
}

TEST_CASE("a file of an older version is opened for its migration alone")
{
    database_fixture fixture;
    make_older(fixture);
    try {
        open_to_write(fixture.options);
        FAIL("it was opened");
    } catch (start_error const& refused) {
        CHECK(refused.code() == start_errc::bad_data);
    }
    CHECK(open_older(fixture).status().version == sqlite::newest_version() - 1);
}

TEST_CASE("a migration by an administrator returns the steps that it applied")
{
    database_fixture fixture;
    make_older(fixture);
    auto db = open_older(fixture);
    auto const steps = db.migrate();
    REQUIRE(steps.size() == 1);
    CHECK(steps[0].version == sqlite::newest_version());
    CHECK(steps[0].name == sqlite::migrations().back().name);
    CHECK(db.migrate().empty());
    CHECK(db.status().version == sqlite::newest_version());
    CHECK(open_to_write(fixture.options)->list_accounts().empty());
}
