#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "programs/porterctl/record.hpp"
#include "terminal/table.hpp"

namespace porter::programs {

/// Rows of one kind, at least one, as a table for people whose terminal has so many columns. Where it would not fit,
/// times are cut first, then the members `dispensable` are left out, the first of them first, which a line below says;
/// then headings take several lines and names are cut, and then more members are left out.
std::string listing(std::vector<record> rows, std::span<std::string_view const> dispensable, std::size_t columns,
                    detail::terminal::table::heading how, detail::base::timestamp now);

}  // namespace porter::programs
