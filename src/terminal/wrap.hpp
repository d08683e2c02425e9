#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace porter::detail::terminal {

/// Breaks lines that are wider than `columns` at blanks, so that the terminal does not break them within a word. A
/// wider word stays whole, in its own row. The next row is indented to the second column of a list, or as the line is.
std::string wrap_at_blanks(std::string_view text, std::size_t columns);

}  // namespace porter::detail::terminal
