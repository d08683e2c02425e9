#pragma once

#include <string>
#include <string_view>

namespace porter::detail::terminal {

/// JSON that is safe to show on a terminal and means the same: what `base::escape` would escape (DEL, C1 controls,
/// line separators, bidirectional controls) becomes `\uNNNN`. nlohmann's dump() leaves these as they are, and a
/// terminal acts upon them. `json` is well-formed UTF-8 in which a control below U+0020 is white space.
std::string printable_json(std::string_view json);

}  // namespace porter::detail::terminal
