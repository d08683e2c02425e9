#include "programs/porter/line_layout.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;

constexpr std::size_t tab_width = 8;

/// Writes characters one after the other and follows the terminal's cursor.
class pen {
public:
    explicit pen(std::size_t columns) : columns_(std::max<std::size_t>(columns, 2)) {}

    /// The first column that a character of this width takes: one that does not fit begins the next row.
    void make_room(std::size_t width)
    {
        if (width == 0 || at_.column + width <= columns_) return;
        at_ = {at_.row + 1, 0};
    }

    void write(std::string_view character)
    {
        auto const width = base::display_width(character);
        make_room(width);
        text_ += character;
        at_.column += width;
    }

    void write_tab()
    {
        do {
            write(" ");
        } while (at_.column % tab_width != 0 && at_.column < columns_);
    }

    /// At the right edge a terminal waits for the next character before it goes to the next row.
    void leave_edge()
    {
        if (at_.column < columns_) return;
        text_ += "\r\n";
        at_ = {at_.row + 1, 0};
    }

    screen_position at() const noexcept { return at_; }
    std::string take_text() { return std::move(text_); }

private:
    std::size_t columns_;
    screen_position at_;
    std::string text_;
};

/// The first code point of a text, with all its bytes.
std::string_view first_character(std::string_view text)
{
    std::size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
    return text.substr(0, size);
}

void write_character(pen& onto, std::string_view character)
{
    if (character == "\t") return onto.write_tab();
    auto const shown = base::escape(character);
    if (shown == character) return onto.write(character);
    for (auto const letter : shown) onto.write({&letter, 1});
}

}  // namespace

line_layout lay_out(std::string_view prompt, std::string_view line, std::size_t cursor, std::size_t columns)
{
    pen onto{columns};
    for (auto const letter : prompt) onto.write({&letter, 1});
    line_layout laid;
    for (std::size_t at = 0; at < line.size();) {
        auto const character = first_character(line.substr(at));
        if (at == cursor) {
            onto.make_room(base::display_width(character));
            laid.cursor = onto.at();
        }
        write_character(onto, character);
        at += character.size();
    }
    onto.leave_edge();
    laid.end = onto.at();
    if (cursor >= line.size()) laid.cursor = laid.end;
    laid.text = onto.take_text();
    return laid;
}

}  // namespace porter::programs
