#include "terminal/wrap.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace porter::detail::terminal {

namespace {

/// The indent of the rows after the first: the column after the last gap of two or more blanks in its first half.
std::size_t indent_of(std::string_view line, std::size_t columns)
{
    std::size_t indent = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == ' ') continue;
        bool const follows_gap = i == 0 || (line[i - 1] == ' ' && (i == 1 || line[i - 2] == ' '));
        auto const column = base::display_width(line.substr(0, i));
        if (column > columns / 2) break;
        if (follows_gap) indent = column;
    }
    return indent;
}

void wrap_line(std::string_view line, std::size_t columns, std::string& wrapped)
{
    auto const indent = indent_of(line, columns);
    std::size_t column = 0;
    for (std::size_t at = 0; at < line.size();) {
        auto const word = std::min(line.find_first_not_of(' ', at), line.size());
        auto const end = std::min(line.find(' ', word), line.size());
        auto const width = base::display_width(line.substr(word, end - word));
        if (at > 0 && column + (word - at) + width > columns) {
            wrapped.append(1, '\n').append(indent, ' ').append(line.substr(word, end - word));
            column = indent + width;
        } else {
            wrapped.append(line.substr(at, end - at));
            column += word - at + width;
        }
        at = end;
    }
}

}  // namespace

std::string wrap_at_blanks(std::string_view text, std::size_t columns)
{
    std::string wrapped;
    for (;;) {
        auto const end = text.find('\n');
        auto const line = text.substr(0, end);
        if (base::display_width(line) > columns) {
            wrap_line(line, columns, wrapped);
        } else {
            wrapped.append(line);
        }
        if (end == std::string_view::npos) return wrapped;
        wrapped += '\n';
        text.remove_prefix(end + 1);
    }
}

}  // namespace porter::detail::terminal
