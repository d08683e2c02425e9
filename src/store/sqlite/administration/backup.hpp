#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite::administration {

/// Told how many bytes of how many are copied. False stops the copying.
using progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

/// Copies the database into a new file (mode 0600) that is whole from the moment on at which it has its name. Others
/// may write to the database meanwhile; the copy is what it was at the beginning. `file` is never replaced. False: it
/// was stopped, and nothing is left of it.
/// Throws start_error: cannot_create when something has that name, or nothing can be made there; io when it cannot be
/// written; bad_data when what was read is damaged. Throws error.
bool back_up(database& db, std::filesystem::path const& file, progress const& report);

}  // namespace porter::detail::store::sqlite::administration
