#include "programs/porter/password_rules.hpp"

#include <fmt/format.h>

#include "porter/text.hpp"
#include "terminal/sentence.hpp"
#include "terminal/text.hpp"

namespace porter::programs {

namespace {

constexpr std::size_t min_length = 8;  // code points; the least value of porterd --min-password-length

}  // namespace

std::string new_password_rule()
{
    return fmt::format("Choose a password of at least {} characters that is not a common one.", min_length);
}

std::optional<std::string> new_password_error(secret const& typed)
{
    auto const password = normalise_password(typed.view());
    if (!password) return detail::terminal::sentence(password.error());
    if (detail::terminal::count_code_points(password->view()) >= min_length) return std::nullopt;
    return fmt::format("A password has at least {} characters.", min_length);
}

}  // namespace porter::programs
