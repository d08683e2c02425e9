#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "programs/porterctl/record.hpp"

namespace porter::programs {

/// How a value is written: for programs, or for people, who have more or less room.
enum class wording : std::uint8_t {
    exact,    ///< 2026-11-22T18:02:00Z, 4096, nothing for what is not there
    full,     ///< 2026-11-22 18:02:00, 4.0 KiB, a dash
    minutes,  ///< 2026-11-22 18:02
    brief,    ///< 11-22 18:02 within half a year of `now`, else 2025-11-22
};

std::string cell_of(value const& some, wording how, detail::base::timestamp now = {});

std::vector<std::string> cells_of(record const& one, wording how, detail::base::timestamp now = {});

/// 2026-11-22T18:02:00Z
std::string exact_moment(detail::base::timestamp when);

/// Of the member "last_login_at": "LAST LOGIN (UTC)" with capitals, as over a column, and else "last login (UTC)".
std::string title_of(std::string name, bool capitals);

}  // namespace porter::programs
