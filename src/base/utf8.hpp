#pragma once

#include <string_view>

namespace porter::detail::base {

/// Whether the text is well-formed UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF, no
/// truncated sequence. Controls and NUL are allowed. Checks 32 bytes of ASCII at a time, and 64 bytes of other text if
/// the processor has AVX2.
bool valid_utf8(std::string_view text) noexcept;

}  // namespace porter::detail::base
