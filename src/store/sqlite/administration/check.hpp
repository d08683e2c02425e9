#pragma once

#include <string>
#include <vector>

#include "store/sqlite/database.hpp"

namespace porter::rooms::store::sqlite::administration {

/// What is wrong with a database of the newest schema, a line each, most of it in SQLite's words; nothing: it is sound.
/// Looks at every page and every row, and at what SQLite cannot know: that names have their right keys, that
/// nobody took a table or a trigger away.
std::vector<std::string> find_faults(database& db);

}  // namespace porter::rooms::store::sqlite::administration
