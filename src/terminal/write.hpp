#pragma once

#include <cstddef>
#include <string_view>
#include <system_error>

namespace porter::detail::terminal {

/// Writes all of it, however often that takes. The error, when some of it could not be written.
std::error_code write_all(int file, std::string_view text);

/// Whether the file is a terminal.
bool is_terminal(int file) noexcept;

/// How wide it is; 80 where nobody knows.
std::size_t columns_of(int file) noexcept;

}  // namespace porter::detail::terminal
