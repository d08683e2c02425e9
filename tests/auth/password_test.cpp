#include "auth/password.hpp"

#include "support/catch.hpp"

using namespace porter;
using namespace porter::detail;

namespace {

std::string reason_of(std::size_t min_length, std::string_view password)
{
    auto const checked = auth::password_policy{min_length}.check(base::secret{password});
    if (checked) return "accepted";
    CHECK(checked.error().code == code::weak_password);
    return checked.error().reason;
}

}  // namespace

TEST_CASE("a good password is returned normalised")
{
    auto const accepted = auth::password_policy{8}.check(base::secret{"Zoe\u0308 s pass"});
    REQUIRE(accepted);
    CHECK(accepted->view() == "Zo\u00eb s pass");
}

TEST_CASE("the length counts characters after normalisation")
{
    CHECK(reason_of(8, "1234567") == "a password has at least 8 characters");
    CHECK(reason_of(8, "12345678") == "accepted");
    CHECK(reason_of(8, "пароль") == "a password has at least 8 characters");
    CHECK(reason_of(8, "e\u0301e\u0301e\u0301e\u0301") == "a password has at least 8 characters");
    CHECK(reason_of(12, "12345678901") == "a password has at least 12 characters");
    CHECK(reason_of(12, "123456789012") == "accepted");
}

TEST_CASE("the minimum length is clamped to 8 and to the maximum length")
{
    CHECK(reason_of(0, "1234567") == "a password has at least 8 characters");
    CHECK(reason_of(10'000, std::string(256, 'x')) == "accepted");
}

TEST_CASE("a password with control characters or beyond the maximum length is denied")
{
    CHECK(reason_of(8, "12345678\n") == "a password may not contain control characters");
    CHECK(reason_of(8, std::string(257, 'x')) == "a password has at most 256 characters");
}
