#include "library/health.hpp"

#include <algorithm>

#include "support/catch.hpp"

namespace library = porter::detail::library;

TEST_CASE("a server without a problem is healthy")
{
    CHECK(library::problems_of({}).empty());
}

TEST_CASE("each problem has a kind and a reason")
{
    library::health_facts facts;
    facts.is_stopping = true;
    facts.change_error = "disk I/O error";
    facts.lookup_error = "database is locked";
    facts.is_partitioned = true;
    facts.is_log_short_of_space = true;
    auto const found = library::problems_of(facts);
    REQUIRE(found.size() == 5);
    CHECK(found[0].kind == "stopping");
    CHECK(found[1].kind == "store");
    CHECK(found[1].reason == "changes fail: disk I/O error");
    CHECK(found[2].kind == "store");
    CHECK(found[2].reason == "look-ups fail: database is locked");
    CHECK(found[3].kind == "partitioned");
    CHECK(found[4].kind == "disk");
    for (auto const& each : found) {
        CHECK(std::ranges::find(library::problem_kinds, each.kind) != library::problem_kinds.end());
    }
}
