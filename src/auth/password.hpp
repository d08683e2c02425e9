#pragma once

#include <cstddef>

#include "base/secret.hpp"
#include "porter/result.hpp"

namespace porter::detail::auth {

/// The rules for the length and the characters of a new password (docs/PROTOCOL.md, names and passwords), as NIST
/// SP 800-63B advises: a minimum length, no rules of composition, no expiry. strength_error() checks its strength.
/// Existing passwords stay valid when the rules become stricter.
class password_policy {
public:
    /// `min_length` in code points after NFC, clamped to 8 to 256.
    explicit password_policy(std::size_t min_length);

    /// The normalised password, which is hashed. Errors: weak_password; the reason names the rule.
    result<base::secret> check(base::secret const& typed) const;

private:
    std::size_t min_length_;
};

}  // namespace porter::detail::auth
