#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace porter::programs {

/// Where something stands on the screen, counted from the beginning of the prompt.
struct screen_position {
    std::size_t row = 0;
    std::size_t column = 0;
};

/// The prompt and a line after it as a terminal shows them.
struct line_layout {
    std::string text;  ///< what is written to the terminal from the first column on
    screen_position cursor;
    screen_position end;  ///< of the text: where writing it leaves the terminal's cursor
};

/// Lays a line of valid UTF-8 out on a terminal that is `columns` wide. Wide characters take two columns, combining
/// marks none; tabs become spaces and control characters are escaped. `cursor`: the byte of the line before which it
/// stands.
line_layout lay_out(std::string_view prompt, std::string_view line, std::size_t cursor, std::size_t columns);

}  // namespace porter::programs
