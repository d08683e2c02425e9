#pragma once

#include <optional>
#include <string>

#include "base/secret.hpp"

namespace porter::programs {

/// What a person is told before choosing a password. The server may want a longer one, and says so then.
std::string rule_for_new_password();

/// The rule that a new password breaks whatever server it is for, as a sentence. The server judges the rest.
std::optional<std::string> broken_rule_of_new_password(detail::base::secret const& typed);

}  // namespace porter::programs
