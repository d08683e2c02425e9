#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace porter::detail::terminal {

/// Rows under a heading, in columns as wide as their widest cell is on a terminal. A cell may hold anything: control
/// characters are shown escaped.
class table {
public:
    enum class heading { plain, bold };

    /// `to_the_right` says of each column whether it is aligned to the right, as numbers are; `whole` whether its cells
    /// are never cut, as those of addresses and times.
    explicit table(std::vector<std::string> titles, std::vector<bool> to_the_right = {}, std::vector<bool> whole = {});

    /// As many cells as there are titles.
    void add(std::vector<std::string> cells);

    /// Makes the table as narrow as that many columns of the terminal, where it can: headings of several words take
    /// several lines, then the widest cells are cut, each with "…" at its end, to no less than 12 columns. Columns of
    /// numbers and whole ones stay.
    void cut_to(std::size_t columns);

    std::string text(heading how) const;

    /// The columns of the terminal that it takes.
    std::size_t width() const noexcept;

private:
    void wrap_headings();
    void append_row(std::string& text, std::vector<std::string> const& cells) const;

    std::vector<bool> to_the_right_;
    std::vector<bool> whole_;
    std::vector<std::size_t> widths_;
    std::vector<std::vector<std::string>> rows_;  // the first one is the heading
};

/// The cells with tabs between them and a line feed behind, each escaped so that it holds neither.
std::string tab_separated(std::vector<std::string> const& cells);

}  // namespace porter::detail::terminal
