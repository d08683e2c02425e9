#include "store/postgres/condition.hpp"

#include "store/postgres/cluster.hpp"
#include "store/postgres/schema.hpp"

using namespace porter::testing;
using namespace porter::detail::store::postgres;
using std::chrono::milliseconds;

TEST_CASE("what a database could lose is a warning each")
{
    condition const safe{.version = "15.2", .tls = {}, .synchronous_standbys = "ANY 1 (a, b)"};
    CHECK(warnings_of(safe).empty());
    auto lone = safe;
    lone.synchronous_standbys.clear();
    CHECK(warnings_of(lone).size() == 1);
    auto careless = lone;
    careless.syncs = false;
    careless.writes_full_pages = false;
    CHECK(warnings_of(careless).size() == 3);
}

TEST_CASE("the lines for a person say how far the clock is off")
{
    condition found{.version = "15.2", .tls = "TLSv1.3 X", .synchronous_standbys = {}};
    found.clock_error = milliseconds{2};
    found.clock_offset = milliseconds{3};
    CHECK(lines_of(found) == std::vector<std::string>{"PostgreSQL 15.2", "TLS: TLSv1.3 X", "synchronous standby: none",
                                                      "clock: 3 ms ahead of this machine's, within 2 ms"});
    found.clock_offset = milliseconds{-40};
    CHECK(lines_of(found).back() == "clock: 40 ms behind this machine's, within 2 ms");
}

TEST_CASE("the state of a real database is read")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    auto const found = check(fixture.options());
    CHECK(found.server == cluster::instance().folder() + ":5432");
    CHECK(found.condition.version.find(' ') == std::string::npos);
    CHECK(found.condition.tls.empty());
    CHECK(found.condition.synchronous_standbys.empty());
    CHECK_FALSE(found.condition.syncs);
    CHECK_FALSE(found.condition.writes_full_pages);
    // The same machine.
    CHECK(found.condition.clock_offset >= -found.condition.clock_error);
    CHECK(found.condition.clock_offset <= found.condition.clock_error);
}
