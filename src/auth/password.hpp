#pragma once

#include <cstddef>

#include "base/secret.hpp"
#include "porter/error.hpp"

namespace porter::detail::auth {

/// What a new password must be made of (docs/PROTOCOL.md, names and passwords). As NIST SP 800-63B advises: long
/// enough, no rule of composition, no expiry; that it is not one that is tried first is for why_guessable() to say,
/// which takes up to 50 ms of CPU. It only judges new passwords: one that was taken once goes on to open its account
/// when the rules are made stricter.
class password_policy {
public:
    /// `min_length` in code points after NFC; less than 8 counts as 8, more than 256 as 256.
    explicit password_policy(std::size_t min_length);

    /// The password in the form that is hashed. Errors: weak_password; the reason says the rule.
    result<base::secret> check(base::secret const& typed) const;

private:
    std::size_t min_length_;
};

}  // namespace porter::detail::auth
