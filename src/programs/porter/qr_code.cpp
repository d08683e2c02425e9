#include "programs/porter/qr_code.hpp"

#include <qrencode.h>

#include <memory>
#include <utility>

namespace porter::programs {

namespace {

constexpr int margin = 2;  // light modules around the code; readers accept half of the standard's four

struct free_code {
    void operator()(QRcode* code) const noexcept { QRcode_free(code); }
};

/// Whether the module in this row and column, which may be in the margin, is dark.
bool is_dark(QRcode const& code, int row, int column)
{
    bool const is_inside = row >= 0 && column >= 0 && row < code.width && column < code.width;
    return is_inside && (code.data[row * code.width + column] & 1) != 0;
}

/// The character of two modules, drawn in the light colour on the dark one.
char const* half_blocks(bool upper_is_dark, bool lower_is_dark)
{
    if (upper_is_dark) return lower_is_dark ? " " : "\u2584";
    return lower_is_dark ? "\u2580" : "\u2588";
}

}  // namespace

std::optional<std::string> draw_qr_code(std::string const& text, std::size_t columns)
{
    // Version 0: the smallest one in which the text fits.
    std::unique_ptr<QRcode, free_code> const code{QRcode_encodeString(text.c_str(), 0, QR_ECLEVEL_L, QR_MODE_8, 1)};
    if (!code || std::cmp_greater(code->width + 2 * margin, columns)) return std::nullopt;
    constexpr char const* white_on_black = "\033[97;40m";
    constexpr char const* usual_colours = "\033[0m";
    std::string lines;
    for (int row = -margin; row < code->width + margin; row += 2) {
        lines += white_on_black;
        for (int column = -margin; column < code->width + margin; ++column) {
            lines += half_blocks(is_dark(*code, row, column), is_dark(*code, row + 1, column));
        }
        lines += usual_colours;
        lines += '\n';
    }
    return lines;
}

}  // namespace porter::programs
