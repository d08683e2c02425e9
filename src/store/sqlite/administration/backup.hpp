#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite::administration {

/// Called with the number of bytes copied and in all. False stops the copy.
using progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

/// Copies the database into a new file (mode 0600), which gets its name when it is complete. Other programs may write
/// to the database; the copy has its state at the start. Never replaces `file`. False: `report` stopped the copy, and
/// no file is left. Throws start_error: cannot_create when `file` exists or cannot be created; io when it cannot be
/// written; bad_data when the database is damaged. Throws error.
bool back_up(database& db, std::filesystem::path const& file, progress const& report);

}  // namespace porter::detail::store::sqlite::administration
