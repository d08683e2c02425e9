#include "terminal/table.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/text.hpp"

namespace porter::detail::terminal {

namespace {

constexpr std::size_t gap = 2;        // between columns
constexpr std::size_t narrowest = 5;  // of a column that is cut: less tells nothing

/// The beginning of a text, and "…", in so many columns of a terminal. A character keeps its combining marks.
std::string cut_text(std::string const& text, std::size_t columns)
{
    constexpr auto is_continuation = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; };
    std::size_t kept = 0;
    std::size_t used = 1;  // of the ellipsis
    while (kept < text.size()) {
        auto end = kept + 1;
        while (end < text.size() && is_continuation(text[end])) ++end;
        used += base::display_width(std::string_view{text}.substr(kept, end - kept));
        if (used > columns) break;
        kept = end;
    }
    return text.substr(0, kept) + "…";
}

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

void table::cut_to(std::size_t columns)
{
    std::vector<std::size_t*> cuttable;
    for (std::size_t i = 0; i < widths_.size(); ++i) {
        if (!to_the_right_[i] && widths_[i] > narrowest) cuttable.push_back(&widths_[i]);
    }
    for (auto total = width(); total > columns && !cuttable.empty(); --total) {
        auto const widest = std::ranges::max_element(cuttable, {}, [](auto const* each) { return *each; });
        if (--**widest == narrowest) cuttable.erase(widest);
    }
    for (auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (base::display_width(row[i]) > widths_[i]) row[i] = cut_text(row[i], widths_[i]);
        }
    }
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

}  // namespace porter::detail::terminal
