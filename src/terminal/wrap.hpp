#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace porter::detail::terminal {

/// Breaks the lines of a text that are wider than `columns` at blanks, so that the terminal does not break them within
/// a word. A word that is wider than that stays whole, in a row of its own. What goes on in the next row begins below
/// the second column of a list, or as far in as its line does.
std::string wrap_at_blanks(std::string_view text, std::size_t columns);

}  // namespace porter::detail::terminal
