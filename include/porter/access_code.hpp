#pragma once

#include <string_view>

namespace porter {

/// Whether a text can be the code of an invitation or of a reset: 28 letters and digits, the last two of which check
/// the others, so that a mistyped code is found before it is sent and counted as a failure. Case, spaces and hyphens do
/// not matter, and the letters O, I and L stand for the digits 0, 1 and 1. Only a server knows which codes are valid.
bool is_access_code(std::string_view typed) noexcept;

}  // namespace porter
