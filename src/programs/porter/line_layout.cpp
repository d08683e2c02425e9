#include "programs/porter/line_layout.hpp"

#include <algorithm>

#include "porter/text.hpp"
#include "terminal/text.hpp"

namespace porter::programs {

namespace {

constexpr std::size_t tab_width = 8;

/// Appends characters and tracks the terminal's cursor.
class layout_writer {
public:
    explicit layout_writer(std::size_t columns) : columns_(std::max<std::size_t>(columns, 2)) {}

    /// Moves to the next row if a character of this width does not fit.
    void wrap(std::size_t width)
    {
        if (width == 0 || position_.column + width <= columns_) return;
        position_ = {position_.row + 1, 0};
    }

    void write(std::string_view character)
    {
        auto const width = detail::terminal::display_width(character);
        wrap(width);
        text_ += character;
        position_.column += width;
    }

    void write_tab()
    {
        do {
            write(" ");
        } while (position_.column % tab_width != 0 && position_.column < columns_);
    }

    /// At the right edge a terminal wraps only before the next character: wraps now.
    void wrap_at_edge()
    {
        if (position_.column < columns_) return;
        text_ += "\r\n";
        position_ = {position_.row + 1, 0};
    }

    screen_position position() const noexcept { return position_; }
    std::string take_text() { return std::move(text_); }

private:
    std::size_t columns_;
    screen_position position_;
    std::string text_;
};

/// The first code point of a text, with all its bytes.
std::string_view first_character(std::string_view text)
{
    std::size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
    return text.substr(0, size);
}

void write_character(layout_writer& writer, std::string_view character)
{
    if (character == "\t") return writer.write_tab();
    auto const escaped = escape(character);
    if (escaped == character) return writer.write(character);
    for (auto const c : escaped) writer.write({&c, 1});
}

}  // namespace

line_layout lay_out(std::string_view prompt, std::string_view line, std::size_t cursor, std::size_t columns)
{
    layout_writer writer{columns};
    for (auto const c : prompt) writer.write({&c, 1});
    line_layout layout;
    for (std::size_t at = 0; at < line.size();) {
        auto const character = first_character(line.substr(at));
        if (at == cursor) {
            writer.wrap(detail::terminal::display_width(character));
            layout.cursor = writer.position();
        }
        write_character(writer, character);
        at += character.size();
    }
    writer.wrap_at_edge();
    layout.end = writer.position();
    if (cursor >= line.size()) layout.cursor = layout.end;
    layout.text = writer.take_text();
    return layout;
}

}  // namespace porter::programs
