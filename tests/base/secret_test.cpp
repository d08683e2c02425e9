#include "base/secret.hpp"

#include <type_traits>
#include <utility>

#include "support/catch.hpp"

using porter::detail::base::secret;

TEST_CASE("a secret is not copied by accident")
{
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<secret>);
    STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<secret>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<secret, std::string_view>);
}

TEST_CASE("a secret that was moved from is empty")
{
    secret first{"hunter2 hunter2"};
    secret second{std::move(first)};
    CHECK(first.empty());  // NOLINT(bugprone-use-after-move): this is what the test checks
    CHECK(second.view() == "hunter2 hunter2");
    first = std::move(second);
    CHECK(second.empty());  // NOLINT(bugprone-use-after-move)
    CHECK(first.clone().view() == "hunter2 hunter2");
}

TEST_CASE("a wiped string is empty and its bytes are overwritten")
{
    std::string password(100, 'p');
    char const* bytes = password.data();
    porter::detail::base::wipe(password);
    CHECK(password.empty());
    CHECK(bytes == password.data());
    CHECK(std::string_view{bytes, 1} == std::string_view{"\0", 1});
    CHECK(password.capacity() >= 100);
}
