#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "control/messages.hpp"

namespace porter::programs {

/// The columns of the table in `porterctl top`, in the order of sort_key.
inline constexpr std::size_t top_columns = 7;

/// A heading and a line for each connection, at most `columns` of the terminal wide. Of names and addresses control
/// characters are escaped. On a narrow terminal names are cut, then columns left out, then lines cut.
struct top_table {
    std::string heading;
    std::vector<std::string> lines;
};

/// `by`, `is_descending`: marked in the heading.
top_table top_table_of(std::vector<detail::control::connection_row> const& rows, detail::control::sort_key by,
                       bool is_descending, std::size_t columns, detail::base::timestamp now);

}  // namespace porter::programs
