#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace porter::detail::terminal {

/// Rows under a heading, in columns that are as wide on a terminal as their widest cell. Control characters in cells
/// are escaped.
class table {
public:
    enum class heading { plain, bold };

    /// `right_aligned`: which columns are aligned to the right, as numbers are. `whole`: which are never cut, as
    /// addresses and times are.
    explicit table(std::vector<std::string> titles, std::vector<bool> right_aligned = {}, std::vector<bool> whole = {});

    /// One cell for each title.
    void add(std::vector<std::string> cells);

    /// Narrows the table to `columns` of the terminal if possible: first headings of several words take several lines,
    /// then the widest cells are cut, each with "…" at its end, to no less than 12 columns. Right-aligned and whole
    /// columns are not cut.
    void cut_to(std::size_t columns);

    std::string text(heading style) const;

    /// Its width in columns of the terminal.
    std::size_t width() const noexcept;

private:
    void wrap_headings();
    void append_row(std::string& text, std::vector<std::string> const& cells) const;

    std::vector<bool> right_aligned_;
    std::vector<bool> whole_;
    std::vector<std::size_t> widths_;
    std::vector<std::vector<std::string>> rows_;  // the first one is the heading
};

/// A line of the cells, separated by tabs. Tabs and line feeds in a cell are escaped.
std::string tab_separated(std::vector<std::string> const& cells);

}  // namespace porter::detail::terminal
