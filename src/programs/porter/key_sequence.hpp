#pragma once

#include <string_view>

namespace porter::programs {

/// Whether a sequence of characters that begins with Escape is complete: Escape and a character, SS3 and a character,
/// or a CSI up to its final one (ECMA-48, 5.4).
bool is_whole_key(std::wstring_view sequence);

/// Whether the line editor has a meaning for a whole one. The others would stay in the line as junk.
bool is_bound_key(std::wstring_view sequence);

}  // namespace porter::programs
