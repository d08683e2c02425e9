#include "auth/password.hpp"

#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;

namespace {

std::string verdict(std::size_t min_length, std::string_view password)
{
    auto const checked = auth::password_policy{min_length}.check(base::secret{password});
    if (checked) return "taken";
    CHECK(checked.error().code == code::weak_password);
    return checked.error().reason;
}

}  // namespace

TEST_CASE("a good password is taken as it is normalised")
{
    auto const taken = auth::password_policy{8}.check(base::secret{"Zoe\u0308 s pass"});
    REQUIRE(taken);
    CHECK(taken->view() == "Zo\u00eb s pass");
}

TEST_CASE("a password is long enough in characters after normalisation")
{
    CHECK(verdict(8, "1234567") == "a password has at least 8 characters");
    CHECK(verdict(8, "12345678") == "taken");
    CHECK(verdict(8, "пароль") == "a password has at least 8 characters");
    CHECK(verdict(8, "e\u0301e\u0301e\u0301e\u0301") == "a password has at least 8 characters");
    CHECK(verdict(12, "12345678901") == "a password has at least 12 characters");
    CHECK(verdict(12, "123456789012") == "taken");
}

TEST_CASE("the least length is never below 8 nor above what a password may have")
{
    CHECK(verdict(0, "1234567") == "a password has at least 8 characters");
    CHECK(verdict(10'000, std::string(256, 'x')) == "taken");
}

TEST_CASE("a password with control characters or too many of them is refused")
{
    CHECK(verdict(8, "12345678\n") == "a password may not contain control characters");
    CHECK(verdict(8, std::string(257, 'x')) == "a password has at most 256 characters");
}
