#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace porter::programs {

/// A QR code as lines of half blocks, each with its line feed: a character is two modules, one above the other, drawn
/// as black on white whatever the colours of the terminal are. None: it is wider than `columns`, or the text is too
/// long.
std::optional<std::string> draw_qr_code(std::string const& text, std::size_t columns);

}  // namespace porter::programs
