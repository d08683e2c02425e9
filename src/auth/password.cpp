#include "auth/password.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace porter::detail::auth {
namespace {

constexpr std::size_t least_length = 8;  // NIST SP 800-63B, 5.1.1.1

}  // namespace

password_policy::password_policy(std::size_t min_length)
    : min_length_(std::clamp(min_length, least_length, base::max_password_length))
{}

result<base::secret> password_policy::check(base::secret const& typed) const
{
    auto password = base::normalise_password(typed.view());
    if (!password) return unexpected(error{code::weak_password, password.error()});
    if (base::count_code_points(password->view()) < min_length_) {
        return unexpected(
            error{code::weak_password, "a password has at least " + std::to_string(min_length_) + " characters"});
    }
    return std::move(*password);
}

}  // namespace porter::detail::auth
