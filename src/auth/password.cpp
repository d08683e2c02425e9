#include "auth/password.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace porter::rooms::auth {
namespace {

constexpr std::size_t least_length = 8;  // NIST SP 800-63B, 5.1.1.1

/// Why a password would be among the first that somebody tries, or none.
std::optional<std::string> easily_guessed(base::secret const& password, std::string_view name)
{
    if (base::same_name(password.view(), name)) return "the password may not be the name";
    return std::nullopt;
}

}  // namespace

password_policy::password_policy(std::size_t min_length)
    : min_length_(std::clamp(min_length, least_length, base::max_password_length))
{}

result<base::secret> password_policy::check(base::secret const& typed, std::string_view name) const
{
    auto password = base::normalise_password(typed.view());
    if (!password) return refuse(failure{code::weak_password, password.error()});
    if (base::count_code_points(password->view()) < min_length_) {
        return refuse(
            failure{code::weak_password, "a password has at least " + std::to_string(min_length_) + " characters"});
    }
    if (auto why = easily_guessed(*password, name)) return refuse(failure{code::weak_password, std::move(*why)});
    return std::move(*password);
}

}  // namespace porter::rooms::auth
