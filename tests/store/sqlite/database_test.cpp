// Promise S5 of SECURITY.md.
#include "store/sqlite/database.hpp"

#include "store/sqlite/database_fixture.hpp"
#include "store/sqlite/sqlite_error.hpp"

using namespace porter::testing;
using namespace porter::detail::store::sqlite;

TEST_CASE("what stands in a database makes the connection do nothing")
{
    database_fixture here;
    here.open();
    here.close();
    database opened{here.rules.path, database::access::read_write};
    CHECK(opened.integer("PRAGMA trusted_schema") == 0);
}

TEST_CASE("nothing that the connection is made to say gets at the schema itself")
{
    database_fixture here;
    here.open();
    here.close();
    database opened{here.rules.path, database::access::read_write};
    opened.execute("PRAGMA writable_schema = ON");
    CHECK_THROWS_AS(opened.execute("UPDATE sqlite_schema SET sql = '' WHERE type = 'view'"), error);
}
