#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "programs/porterctl/record.hpp"

namespace porter::programs {

/// A function object for std::visit, with an overload for each type.
template <typename... Lambdas>
struct overloaded : Lambdas... {
    using Lambdas::operator()...;
};
template <typename... Lambdas>
overloaded(Lambdas...) -> overloaded<Lambdas...>;

/// How a value is written: for programs, or for people in more or less space.
enum class cell_format : std::uint8_t {
    exact,    ///< 2026-11-22T18:02:00Z, 4096, empty if absent
    full,     ///< 2026-11-22 18:02:00, 4.0 KiB, a dash
    minutes,  ///< 2026-11-22 18:02
    brief,    ///< 11-22 18:02 within half a year of `now`, else 2025-11-22
};

std::string cell_of(value const& content, cell_format style, detail::base::timestamp now = {});

std::vector<std::string> cells_of(record const& row, cell_format style, detail::base::timestamp now = {});

/// 2026-11-22T18:02:00Z
std::string iso_time(detail::base::timestamp time);

/// The title of a member: of "last_login_at", "last login (UTC)", or "LAST LOGIN (UTC)" for the heading of a column.
std::string title_of(std::string name, bool capitals);

}  // namespace porter::programs
