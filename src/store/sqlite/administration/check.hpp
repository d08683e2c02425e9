#pragma once

#include <string>
#include <vector>

#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite::administration {

/// What the disk or the memory changed in a database of the newest schema, a line each, most of it in SQLite's words:
/// looks at every page, index and text. Whatever else a damaged file says means little. Throws error.
std::vector<std::string> find_damage(database& db);

/// What is wrong with one that is not damaged, a line each; nothing: it is sound. Looks at every row, and at what
/// SQLite cannot know: that names have their right keys, that nobody took a table or a trigger away. Throws error.
std::vector<std::string> find_faults(database& db);

}  // namespace porter::detail::store::sqlite::administration
