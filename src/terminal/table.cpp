#include "terminal/table.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include "base/text.hpp"

namespace porter::rooms::terminal {

namespace {

constexpr std::size_t gap = 2;  // between columns

}  // namespace

table::table(std::vector<std::string> titles, std::vector<bool> to_the_right) : to_the_right_(std::move(to_the_right))
{
    to_the_right_.resize(titles.size());
    widths_.resize(titles.size());
    add(std::move(titles));
}

void table::add(std::vector<std::string> cells)
{
    assert(cells.size() == widths_.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
        cells[i] = base::escape(cells[i]);
        widths_[i] = std::max(widths_[i], base::display_width(cells[i]));
    }
    rows_.push_back(std::move(cells));
}

std::string table::text(heading how) const
{
    std::string text;
    for (auto const& row : rows_) {
        bool const bold = how == heading::bold && &row == &rows_.front();
        if (bold) text += "\x1b[1m";
        append_row(text, row);
        if (bold) text += "\x1b[0m";
        text += '\n';
    }
    return text;
}

std::size_t table::width() const noexcept
{
    return std::accumulate(widths_.begin(), widths_.end(), gap * (widths_.size() - 1));
}

void table::append_row(std::string& text, std::vector<std::string> const& cells) const
{
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        std::string const filling(widths_[i] - base::display_width(cells[i]), ' ');
        line += to_the_right_[i] ? filling + cells[i] : cells[i] + filling;
        line.append(gap, ' ');
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1);
}

std::string tab_separated(std::vector<std::string> const& cells)
{
    std::string line;
    for (auto const& cell : cells) {
        if (&cell != &cells.front()) line += '\t';
        line += base::escape(cell);
    }
    return line + '\n';
}

}  // namespace porter::rooms::terminal
