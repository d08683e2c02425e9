#include "store/postgres/outcome.hpp"

#include "support/catch.hpp"

using namespace porter::detail::store::postgres;
using severity = server_error::severity_type;

namespace {

outcome of(std::string code, severity grade = severity::error)
{
    return outcome_of(server_error{grade, std::move(code), {}});
}

bool ends(std::string code, severity grade = severity::error)
{
    return ends_connection(server_error{grade, std::move(code), {}});
}

}  // namespace

TEST_CASE("a constraint or a trigger refuses the data")
{
    CHECK(of("23505") == outcome::refused);
    CHECK(of("23503") == outcome::refused);
    CHECK(of("P0001") == outcome::refused);
    CHECK_FALSE(ends("23505"));
}

TEST_CASE("what other transactions caused is tried again")
{
    CHECK(of("40001") == outcome::again);
    CHECK(of("40P01") == outcome::again);
    CHECK(of("55P03") == outcome::again);
    CHECK(of("26000") == outcome::again);
    CHECK_FALSE(ends("40P01"));
}

TEST_CASE("a primary that has become a standby is left and the segment is tried elsewhere")
{
    CHECK(of("25006") == outcome::again);
    CHECK(ends("25006"));
}

TEST_CASE("the outcome is unknown when the server or the connection ends")
{
    CHECK(of("57P01", severity::fatal) == outcome::unknown);
    CHECK(of("57P01") == outcome::unknown);
    CHECK(of("08006") == outcome::unknown);
    CHECK(of("40003") == outcome::unknown);
    CHECK(of("", severity::lost) == outcome::unknown);
    CHECK(of("XX000", severity::fatal) == outcome::unknown);
    CHECK(ends("57P02"));
    CHECK(ends("", severity::lost));
}

TEST_CASE("any other error makes the operation unavailable and leaves the connection")
{
    for (auto const* const code : {"53100", "53200", "57014", "42P01", "42501", "22021", "XX001"}) {
        CHECK(of(code) == outcome::unavailable);
        CHECK_FALSE(ends(code));
    }
    CHECK(of("", severity::none) == outcome::done);
}

TEST_CASE("a warning in a commit puts it in doubt and a notice does not")
{
    CHECK(puts_commit_in_doubt("01000"));
    CHECK(puts_commit_in_doubt("57P01"));
    CHECK_FALSE(puts_commit_in_doubt("00000"));
}
