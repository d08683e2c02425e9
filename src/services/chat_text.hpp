#pragma once

#include <string>
#include <string_view>

namespace porter::detail::services {

/// A name as the lines of a chat show it. What would make a line ambiguous becomes `_`: each colon, because the first
/// one ends the name, and an asterisk at the beginning, which marks the lines of the server.
std::string chat_name(std::string_view name);

/// Appends a text as a part of one line: each control character and line separator becomes a space, so that a text
/// cannot look like the lines of several members. `text` is valid UTF-8.
void append_as_line(std::string& line, std::string_view text);

}  // namespace porter::detail::services
