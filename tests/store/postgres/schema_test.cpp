#include "store/postgres/schema.hpp"

#include <optional>

#include "porter/start_error.hpp"
#include "store/postgres/cluster.hpp"
#include "support/temporary_folder.hpp"

using namespace porter::testing;
using namespace porter::detail::store::postgres;
using porter::start_errc;
using porter::start_error;

namespace {

std::optional<start_error> error_of_check(options const& options)
{
    try {
        check(options);
        return std::nullopt;
    } catch (start_error const& refused) {
        return refused;
    }
}

std::optional<start_error> error_of(schema const& found, std::int64_t wanted)
{
    try {
        reject_unusable(found, wanted);
        return std::nullopt;
    } catch (start_error const& refused) {
        return refused;
    }
}

bool mentions(start_error const& error, std::string_view part)
{
    return std::string_view{error.what()}.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("a database with the newest step can be used by a node")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto const found = check(fixture.options()).schema;
    CHECK(found.version == schema_version);
    CHECK(found.encoding == "UTF8");
    CHECK(found.role == "node");
    CHECK(found.missing.empty());
}

TEST_CASE("a database without the schema is rejected")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture{"template0"};
    auto const error = error_of_check(fixture.options());
    REQUIRE(error);
    CHECK(error->code() == start_errc::bad_data);
    CHECK(mentions(*error, "no schema porter"));
}

TEST_CASE("a database that is not in UTF-8 is rejected")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture{"template0 ENCODING 'SQL_ASCII' LOCALE 'C'"};
    auto const error = error_of_check(fixture.options());
    REQUIRE(error);
    CHECK(error->code() == start_errc::configuration);
    CHECK(mentions(*error, "SQL_ASCII"));
}

TEST_CASE("a role without the privileges of a node is rejected")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto const* const role = GENERATE("nothing", "reader");
    auto const error = error_of_check(fixture.options(role));
    REQUIRE(error);
    CHECK(error->code() == start_errc::configuration);
    CHECK(mentions(*error, std::string{"the role "} + role));
    CHECK(mentions(*error, "porter_node"));
}

TEST_CASE("one privilege that is missing is named")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    fixture.administrator().run("REVOKE DELETE ON sessions FROM porter_node");
    auto const error = error_of_check(fixture.options());
    REQUIRE(error);
    CHECK(mentions(*error, "no DELETE on sessions"));
}

TEST_CASE("a newer schema is used while it works with this program")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto administrator = fixture.administrator();
    administrator.run("INSERT INTO schema_migrations (version, name, works_with) VALUES (7, 'later', 1)");
    CHECK(check(fixture.options()).schema.version == 7);
    administrator.run("UPDATE schema_migrations SET works_with = 6 WHERE version = 7");
    auto const error = error_of_check(fixture.options());
    REQUIRE(error);
    CHECK(error->code() == start_errc::bad_data);
    CHECK(mentions(*error, "install a newer one"));
}

TEST_CASE("an older schema is rejected")
{
    schema const old{.version = 1, .works_with = 1, .encoding = "UTF8", .role = "node", .absent = {}, .missing = {}};
    CHECK_FALSE(error_of(old, 1));
    auto const error = error_of(old, 2);
    REQUIRE(error);
    CHECK(error->code() == start_errc::bad_data);
    CHECK(mentions(*error, "needs 2"));
}

TEST_CASE("what an older schema lacks is no missing privilege")
{
    schema const old{
        .version = 1, .works_with = 1, .encoding = "UTF8", .role = "node", .absent = {"later"}, .missing = {}};
    auto const error = error_of(old, 2);
    REQUIRE(error);
    CHECK(error->code() == start_errc::bad_data);
    CHECK(mentions(*error, "porterctl db migrate"));
}

TEST_CASE("a table that is not there is no missing privilege")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    fixture.administrator().run("DROP TABLE nodes CASCADE");
    auto const error = error_of_check(fixture.options());
    REQUIRE(error);
    CHECK(error->code() == start_errc::bad_data);
    CHECK(mentions(*error, "no table nodes"));
    CHECK_FALSE(mentions(*error, "the role"));
}

TEST_CASE("a list of migrations that is not Porter's is bad data")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto administrator = fixture.administrator();
    auto const* const change = GENERATE("ALTER TABLE schema_migrations DROP COLUMN works_with",
                                        "ALTER TABLE schema_migrations ALTER COLUMN version TYPE numeric");
    administrator.run(change);
    auto const error = error_of_check(fixture.options());
    REQUIRE(error);
    CHECK(error->code() == start_errc::bad_data);
    CHECK(mentions(*error, "cannot use the database"));
}

TEST_CASE("a schema that the server cannot read at the moment is unavailable")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto locker = fixture.administrator();
    locker.run("BEGIN; LOCK TABLE schema_migrations");
    auto const error = error_of_check(fixture.options());
    REQUIRE(error);
    CHECK(error->code() == start_errc::unavailable);
}

TEST_CASE("the version is read also by a role that lacks a privilege")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto administrator = fixture.administrator();
    administrator.run("REVOKE DELETE ON sessions FROM porter_node");
    administrator.run("INSERT INTO schema_migrations (version, name, works_with) VALUES (7, 'later', 6)");
    auto const error = error_of_check(fixture.options());
    REQUIRE(error);
    CHECK(error->code() == start_errc::bad_data);
    CHECK(mentions(*error, "install a newer one"));
}

TEST_CASE("a database that cannot be reached is unavailable")
{
    temporary_folder const empty;
    auto const error =
        error_of_check({.address = address::parse("postgresql:///porter?user=node&host=" + empty.path().string())});
    REQUIRE(error);
    CHECK(error->code() == start_errc::unavailable);
    CHECK(mentions(*error, empty.path().string()));
}
