#include <string>
#include <system_error>

#include "porter/error.hpp"
#include "support/catch.hpp"

namespace porter {
namespace {

TEST_CASE("a code is a std::error_code of its own category")
{
    std::error_code const error = code::throttled;
    CHECK(error == code::throttled);
    CHECK(error != code::busy);
    CHECK(error.category().name() == std::string{"porter"});
    CHECK(error.message() == "too many failed attempts");
    CHECK_FALSE(std::error_code{code::normal});
}

TEST_CASE("every code has a sentence of its own and a number of a newer protocol is unknown")
{
    for (int number = 0; number <= 32; ++number) {
        auto const value = static_cast<code>(number);
        CHECK((name_of(value) == "unknown") == (make_error_code(value).message() == "an unknown code"));
    }
}

TEST_CASE("a final code is one that waiting does not change")
{
    CHECK(is_final(code::bad_credentials));
    CHECK(is_final(code::session_ended));
    CHECK_FALSE(is_final(code::throttled));
    CHECK_FALSE(is_final(code::shutting_down));
    CHECK_FALSE(is_final(static_cast<code>(999)));
    CHECK(error{code::name_taken, "taken"}.is_final());
}

}  // namespace
}  // namespace porter
