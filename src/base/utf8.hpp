#pragma once

#include <string_view>

namespace porter::detail::base {

/// Whether the text is well-formed UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF, no
/// sequence cut short. Controls and NUL are allowed. Reads 32 bytes of ASCII at a time, and of other texts 64 where the
/// processor has AVX2.
bool valid_utf8(std::string_view text) noexcept;

}  // namespace porter::detail::base
