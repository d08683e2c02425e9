#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace porter::detail::log {

/// The maximum bytes of a value in a line, so that a peer cannot make lines long.
inline constexpr std::size_t max_value_bytes = 1024;

/// Whether a value needs no quotes: not empty and only A-Z a-z 0-9 . _ : / @ % + , -
bool is_bare(std::string_view text) noexcept;

/// Appends the text without quotes if is_bare() and it need not be cut, else by append_quoted.
void append_text(std::string& line, std::string_view text);

/// Appends the text in double quotes, escaped so that it cannot end the quotes, break the line or change the text
/// direction: `\"`, `\\`, `\n`, `\r`, `\t`; other controls below U+0080 and bytes that are not UTF-8 as `\xNN`; every
/// other control, format (bidi marks, zero-width characters), separator or unassigned code point as `\u{N}`. A text
/// over max_value_bytes is cut between characters and followed by `...` after the closing quote.
void append_quoted(std::string& line, std::string_view text);

/// Appends the text as a JSON string (RFC 8259) with the same characters escaped as `\uNNNN`. Bytes that are not UTF-8
/// become U+FFFD; a cut text ends with U+2026.
void append_json(std::string& line, std::string_view text);

}  // namespace porter::detail::log
