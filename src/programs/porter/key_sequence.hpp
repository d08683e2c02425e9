#pragma once

#include <string_view>

namespace porter::programs {

/// Whether a sequence that begins with Escape is complete: Escape and a character, SS3 and a character, or a CSI
/// sequence with its final byte (ECMA-48, 5.4).
bool is_whole_key(std::wstring_view sequence);

/// Whether a complete sequence is bound in the line editor, which would insert the characters of another.
bool is_bound_key(std::wstring_view sequence);

}  // namespace porter::programs
