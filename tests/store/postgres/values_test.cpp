#include <array>
#include <limits>

#include "base/bytes.hpp"
#include "store/postgres/real_connection.hpp"
#include "store/support/samples.hpp"

using namespace porter::testing;
using namespace porter::detail::store::postgres;
using porter::task;

TEST_CASE("values of each type return as they were sent")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    real_connection conn{fixture};
    std::array<std::byte, 3> const bytes{std::byte{0}, std::byte{255}, std::byte{39}};
    auto const least = std::numeric_limits<std::int64_t>::min();
    auto const answer = conn.query("SELECT $1, $2, $3, $4, $5, $6, 7::int, 8::smallint, current_user", least,
                                   std::string{"tĕxt ' \\ \n"}, bytes, true, std::optional<std::int64_t>{},
                                   porter::detail::base::timestamp{std::chrono::seconds{-5}});
    REQUIRE(answer.outcome == outcome::done);
    auto const row = answer.results.at(0)[0];
    CHECK(row.integer(0) == least);
    CHECK(row.text(1) == "tĕxt ' \\ \n");
    CHECK(row.bytes(2) == std::string("\0\xff'", 3));
    CHECK(row.boolean(3));
    CHECK(row.is_null(4));
    CHECK_FALSE(row.optional_integer(4));
    CHECK(row.time(5).time_since_epoch().count() == -5);
    CHECK(row.integer(6) == 7);
    CHECK(row.integer(7) == 8);
    CHECK(row.text(8) == "node");
}

TEST_CASE("arrays are sent whole")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    real_connection conn{fixture};
    std::vector<std::int64_t> const numbers{5, -6, 7};
    std::vector<std::string> const texts{"a", "", "c,\"d"};
    std::vector<std::int64_t> const none;
    std::vector<std::optional<std::int64_t>> const some{std::nullopt, 8, std::nullopt};
    std::vector<std::optional<std::int64_t>> const all{9};
    std::vector<porter::detail::store::token_digest> const digests{digest(1), digest(2)};
    auto const answer =
        conn.query("SELECT $1::text, $2::text, cardinality($3), $4::text, $5::text, cardinality($6), ($6)[2]", numbers,
                   texts, none, some, all, digests);
    REQUIRE(answer.outcome == outcome::done);
    auto const row = answer.results.at(0)[0];
    CHECK(row.text(0) == "{5,-6,7}");
    CHECK(row.text(1) == R"({a,"","c,\"d"})");
    CHECK(row.integer(2) == 0);
    CHECK(row.text(3) == "{NULL,8,NULL}");
    CHECK(row.text(4) == "{9}");
    CHECK(row.integer(5) == 2);
    auto const second = digest(2);
    CHECK(row.bytes(6) == porter::detail::base::as_text(second));
}

TEST_CASE("a column of another type than its reader expects is an error")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    real_connection conn{fixture};
    auto const answer = conn.query("SELECT 1::bigint, NULL::text");
    REQUIRE(answer.outcome == outcome::done);
    auto const row = answer.results.at(0)[0];
    CHECK_THROWS_AS(row.text(0), column_error);
    CHECK_THROWS_AS(row.boolean(0), column_error);
    CHECK_THROWS_AS(row.bytes(0), column_error);
    CHECK_THROWS_AS(row.text(1), column_error);
    CHECK_THROWS_AS(row.integer(2), column_error);
    CHECK_THROWS_AS(answer.results.at(0)[1], column_error);
}

TEST_CASE("a text that is not valid is refused by the server and not cut")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    real_connection conn{fixture};
    CHECK(conn.query("SELECT $1", std::string{"a\0b", 3}).error.code == "22021");
    CHECK(conn.query("SELECT $1", std::string{"\xff"}).error.code == "22021");
}

TEST_CASE("the statements of a segment are one transaction")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    real_connection conn{fixture};
    segment work{segment::effect::writes};
    work.add("INSERT INTO accounts (name, folded_name, password_hash) VALUES ('ann', 'ann', '-')")
        .add("INSERT INTO accounts (name, folded_name, password_hash) VALUES ('Ann', 'ann', '-')");
    auto const answer = conn.send(std::move(work));
    CHECK(answer.outcome == outcome::refused);
    CHECK(answer.error.code == "23505");
    CHECK(fixture.administrator().run("SELECT count(*) FROM accounts") == "0");
    CHECK(conn.query("SELECT 1").outcome == outcome::done);
}

TEST_CASE("a session has the settings of Porter whatever its role says")
{
    NEEDS_POSTGRESQL();
    postgres_fixture fixture;
    fixture.administrator().run("ALTER DATABASE " + fixture.name() + " SET synchronous_commit = off; ALTER DATABASE " +
                                fixture.name() + " SET search_path = public");
    real_connection conn{fixture};
    auto const setting = [&](std::string const& name) {
        return conn.query("SELECT current_setting($1)", name).results.at(0)[0].text(0);
    };
    CHECK(setting("search_path") == "porter, pg_temp");
    CHECK(setting("synchronous_commit") == "on");
    CHECK(setting("lock_timeout") == "1s");
    CHECK(setting("statement_timeout") == "1500ms");
    CHECK(setting("idle_in_transaction_session_timeout") == "5s");
    CHECK(setting("plan_cache_mode") == "force_generic_plan");
    CHECK(setting("application_name") == "porterd");
}
