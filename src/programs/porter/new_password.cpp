#include "programs/porter/new_password.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "terminal/sentence.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;

constexpr std::size_t min_length = 8;  // code points; --min-password-length of porterd is no less

}  // namespace

std::string rule_for_new_password()
{
    return fmt::format("Choose a password of at least {} characters that is not a common one.", min_length);
}

std::optional<std::string> broken_rule_of_new_password(base::secret const& typed)
{
    auto const password = base::normalise_password(typed.view());
    if (!password) return detail::terminal::sentence(password.error());
    if (base::count_code_points(password->view()) >= min_length) return std::nullopt;
    return fmt::format("A password has at least {} characters.", min_length);
}

}  // namespace porter::programs
