// Promise S5 of SECURITY.md.
#include "store/sqlite/database.hpp"

#include "store/sqlite/database_fixture.hpp"
#include "store/sqlite/sqlite_error.hpp"

using namespace porter::testing;
using namespace porter::detail::store::sqlite;

TEST_CASE("the content of a database does not control the connection")
{
    database_fixture fixture;
    fixture.open();
    fixture.close();
    database opened{fixture.options.path, database::access::read_write};
    CHECK(opened.integer("PRAGMA trusted_schema") == 0);
}

TEST_CASE("no statement can change the schema table itself")
{
    database_fixture fixture;
    fixture.open();
    fixture.close();
    database opened{fixture.options.path, database::access::read_write};
    opened.execute("PRAGMA writable_schema = ON");
    CHECK_THROWS_AS(opened.execute("UPDATE sqlite_schema SET sql = '' WHERE type = 'view'"), error);
}
