// How the bans are read from a file (promise N17).
#include "store/sqlite/ban_journal.hpp"

#include <chrono>

#include "store/sqlite/database_fixture.hpp"
#include "support/catch.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
using porter::detail::store::ban;
using porter::detail::store::sqlite::ban_journal;
using porter::detail::store::sqlite::database;

TEST_CASE("bans are read again only after a change and a long list not at once")
{
    database_fixture fixture;
    fixture.open();
    database db{fixture.options.path, database::access::read_only};
    ban_journal journal;
    ban_journal::time now{};
    CHECK(journal.look(db, now) == std::vector<ban>{});
    CHECK_FALSE(journal.look(db, now));
    fixture.administrator().run(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
        " INSERT INTO bans (network) SELECT '10.0.' || (i / 256) || '.' || (i % 256) FROM n");
    auto const all = journal.look(db, now);
    REQUIRE(all);
    CHECK(all->size() == 10'000);
    fixture.administrator().run("DELETE FROM bans WHERE network <> '10.0.0.1'");
    CHECK_FALSE(journal.look(db, now));
    CHECK_FALSE(journal.look(db, now + 59ms));
    CHECK(journal.look(db, now + 60ms) == std::vector<ban>{{"10.0.0.1", {}, false}});
}
