#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace porter::programs {

/// A position on the screen, relative to the beginning of the prompt.
struct screen_position {
    std::size_t row = 0;
    std::size_t column = 0;
};

/// The prompt and the line as the terminal shows them.
struct line_layout {
    std::string text;  ///< to be written from the first column
    screen_position cursor;
    screen_position end;  ///< the terminal's cursor after the text is written
};

/// Lays out a line of valid UTF-8 on a terminal of `columns` columns. Wide characters take two columns, combining marks
/// none; tabs become spaces and control characters are escaped. `cursor`: the byte offset of the cursor in the line.
line_layout lay_out(std::string_view prompt, std::string_view line, std::size_t cursor, std::size_t columns);

}  // namespace porter::programs
