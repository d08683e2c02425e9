#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace porter::detail::client {

// What the lines of the user's small text files are made of: fields of visible characters with blanks between them.

/// Whether the text can stand as a field: visible ASCII, and no more than a host name may have (255 bytes).
bool is_field(std::string_view text) noexcept;

/// Whether nothing in it ends a line or moves a terminal's cursor.
bool is_printed(std::string_view text) noexcept;

/// A line without what an editor or another system adds around it: a byte order mark before it, blanks and tabs, the CR
/// of a CRLF.
std::string_view trim_line(std::string_view line) noexcept;

/// Takes the text up to the next blanks or tabs off the front, and these with it.
std::string_view take_field(std::string_view& rest) noexcept;

/// A decimal number that is the whole text.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) noexcept
{
    Number value{};
    auto const end = text.data() + text.size();
    auto const [stopped, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    return value;
}

/// The lines of a text, without their line feeds; the last one may lack its own.
std::vector<std::string> split_lines(std::string const& text);

}  // namespace porter::detail::client
