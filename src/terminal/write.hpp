#pragma once

#include <cstddef>
#include <string_view>
#include <system_error>

namespace porter::detail::terminal {

/// Writes the whole text, in several writes if necessary. Returns the error of the system, if any.
std::error_code write_all(int file, std::string_view text);

bool is_terminal(int file) noexcept;

/// The width of the terminal in columns; 80 if it is unknown.
std::size_t columns_of(int file) noexcept;

}  // namespace porter::detail::terminal
