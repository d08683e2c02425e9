#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace porter::detail::log {

/// Bytes of one value that are written at most. What a peer sends must not decide how long a line is.
inline constexpr std::size_t max_value_bytes = 1024;

/// Whether a value can stand without quotes: not empty and only A-Z a-z 0-9 . _ : / @ % + , -
bool is_bare(std::string_view text) noexcept;

/// Appends the text bare where that is unambiguous and it need not be cut, else by append_quoted.
void append_text(std::string& line, std::string_view text);

/// Appends the text in double quotes so that it cannot leave them, break the line or turn a terminal's writing
/// direction: `\"`, `\\`, `\n`, `\r`, `\t`; other controls below U+0080 and bytes that are no UTF-8 as `\xNN`; every
/// other control, format (bidi marks, zero-width characters), separator or unassigned code point as `\u{N}`.
/// A text over max_value_bytes is cut between characters, and `...` behind the closing quote says so.
void append_quoted(std::string& line, std::string_view text);

/// Appends the text as a JSON string (RFC 8259) with the same characters escaped as `\uNNNN`. Bytes that are no UTF-8
/// become U+FFFD; a cut text ends with U+2026.
void append_json(std::string& line, std::string_view text);

}  // namespace porter::detail::log
