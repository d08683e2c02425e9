#pragma once

#include <string>
#include <vector>

#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite::administration {

/// The damage in a database of the newest schema, a line each, mostly in SQLite's words. Reads every page, index and
/// text. When there is damage, find_faults() means little. Throws error.
std::vector<std::string> find_damage(database& db);

/// The faults of an undamaged database, a line each. Reads every row, and checks what SQLite cannot: that names have
/// their keys and that no table or trigger is missing. Throws error.
std::vector<std::string> find_faults(database& db);

}  // namespace porter::detail::store::sqlite::administration
