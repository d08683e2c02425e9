#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "programs/porterctl/record.hpp"
#include "terminal/table.hpp"

namespace porter::programs {

/// A table for a terminal of `columns` columns; `rows` is not empty and all have the same members. If the table is too
/// wide, times are shortened first; then the members `dispensable` are left out in their order, as a line below the
/// table says; then headings take several lines and names are cut; then further members are left out.
std::string listing(std::vector<record> rows, std::span<std::string_view const> dispensable, std::size_t columns,
                    detail::terminal::table::heading heading, detail::base::timestamp now);

}  // namespace porter::programs
