#pragma once

#include <string>
#include <string_view>

namespace porter::detail::terminal {

/// The same JSON, made safe for a terminal: characters that `base::escape` would escape (DEL, C1 controls, line
/// separators, bidirectional controls) become `\uNNNN`. nlohmann's dump() leaves them as they are. `json` is
/// well-formed UTF-8 in which each control below U+0020 is white space.
std::string printable_json(std::string_view json);

}  // namespace porter::detail::terminal
