#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace porter::detail::client {

// Lines of known_servers and of the saved sessions: fields of visible characters, separated by blanks.

/// Whether a text can be a field: visible ASCII, 1 to 255 bytes.
bool is_field(std::string_view text) noexcept;

/// Whether a text has no control characters of ASCII.
bool is_printable(std::string_view text) noexcept;

/// A line without what an editor may add: a leading byte order mark, blanks and tabs at both ends, the CR of a CRLF.
std::string_view trim_line(std::string_view line) noexcept;

/// Removes the first field and the blanks and tabs after it, and returns the field.
std::string_view take_field(std::string_view& rest) noexcept;

/// The lines without their line feeds; the last may have none.
std::vector<std::string> split_lines(std::string const& text);

}  // namespace porter::detail::client
