#pragma once

#include <cstddef>
#include <string>

namespace porter::detail::terminal {

/// A text that takes at most this many columns: the whole one, or its beginning and "…". A character keeps its
/// combining marks. Of 0 columns nothing is left.
std::string cut_text(std::string const& text, std::size_t columns);

/// The same, filled with blanks to exactly this many columns.
std::string fit_text(std::string const& text, std::size_t columns);

}  // namespace porter::detail::terminal
