#include "terminal/table.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <numeric>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "terminal/cut.hpp"

namespace porter::detail::terminal {

namespace {

constexpr std::size_t gap = 2;         // between columns
constexpr std::size_t narrowest = 12;  // width of a cut column: less does not tell names apart

std::vector<std::string> words_of(std::string const& text)
{
    std::istringstream stream{text};
    return {std::istream_iterator<std::string>{stream}, {}};
}

/// The words of a heading in lines of at most `width` columns; a longer word has its own line.
std::vector<std::string> wrapped(std::string const& text, std::size_t width)
{
    std::vector<std::string> lines{""};
    for (auto const& word : words_of(text)) {
        auto& last = lines.back();
        if (last.empty()) {
            last = word;
        } else if (base::display_width(last) + 1 + base::display_width(word) <= width) {
            last += ' ' + word;
        } else {
            lines.push_back(word);
        }
    }
    return lines;
}

}  // namespace

table::table(std::vector<std::string> titles, std::vector<bool> right_aligned, std::vector<bool> whole)
    : right_aligned_(std::move(right_aligned)), whole_(std::move(whole))
{
    right_aligned_.resize(titles.size());
    whole_.resize(titles.size());
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

void table::wrap_headings()
{
    std::ranges::fill(widths_, 0);
    for (auto const& row : rows_) {
        bool const is_heading = &row == &rows_.front();
        for (std::size_t i = 0; i < row.size(); ++i) {
            auto const parts = is_heading ? words_of(row[i]) : std::vector{row[i]};
            for (auto const& part : parts) widths_[i] = std::max(widths_[i], base::display_width(part));
        }
    }
}

void table::cut_to(std::size_t columns)
{
    if (width() <= columns) return;
    wrap_headings();
    std::vector<std::size_t*> cuttable;
    for (std::size_t i = 0; i < widths_.size(); ++i) {
        if (!right_aligned_[i] && !whole_[i] && widths_[i] > narrowest) cuttable.push_back(&widths_[i]);
    }
    for (auto total = width(); total > columns && !cuttable.empty(); --total) {
        auto const widest = std::ranges::max_element(cuttable, {}, [](auto const* each) { return *each; });
        if (--**widest == narrowest) cuttable.erase(widest);
    }
    for (auto& row : rows_) {
        if (&row == &rows_.front()) continue;
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = cut_text(row[i], widths_[i]);
        }
    }
}

std::string table::text(heading style) const
{
    std::vector<std::vector<std::string>> titles;
    std::size_t lines = 1;
    for (std::size_t i = 0; i < widths_.size(); ++i) {
        titles.push_back(wrapped(rows_.front()[i], widths_[i]));
        lines = std::max(lines, titles.back().size());
    }
    std::string text;
    for (std::size_t line = 0; line < lines; ++line) {
        std::vector<std::string> cells;
        for (auto const& each : titles) cells.push_back(line < each.size() ? each[line] : std::string{});
        if (style == heading::bold) text += "\x1b[1m";
        append_row(text, cells);
        text += style == heading::bold ? "\x1b[0m\n" : "\n";
    }
    for (auto row = rows_.begin() + 1; row != rows_.end(); ++row) {
        append_row(text, *row);
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
        auto const used = std::min(widths_[i], base::display_width(cells[i]));
        std::string const filling(widths_[i] - used, ' ');
        line += right_aligned_[i] ? filling + cells[i] : cells[i] + filling;
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

}  // namespace porter::detail::terminal
