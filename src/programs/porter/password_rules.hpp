#pragma once

#include <optional>
#include <string>

#include "porter/secret.hpp"

namespace porter::programs {

/// Tells the user the rule for a new password. The server may require more.
std::string new_password_rule();

/// The rule that a new password violates on every server, as a sentence. The server checks the rest.
std::optional<std::string> new_password_error(secret const& typed);

}  // namespace porter::programs
