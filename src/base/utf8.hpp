#pragma once

#include <string_view>

namespace porter::rooms::base {

/// Whether the text is well-formed UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF, no
/// sequence cut short. Controls and NUL are allowed. Reads ASCII eight bytes at a time.
bool valid_utf8(std::string_view text) noexcept;

}  // namespace porter::rooms::base
