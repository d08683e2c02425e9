#pragma once

#include <filesystem>
#include <span>

#include "log/logger.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/migration.hpp"

namespace porter::detail::store::sqlite {

/// Whether to copy the database before the first change.
enum class backup_first : bool { no, yes };

/// Applies those of `steps` that are newer than the schema, each in its own transaction: one that fails leaves the
/// version before it. Before the first change to a database that is not new, copies it to a file beside it, such as
/// porter.db.before-v2-20261122T180200Z (mode 0600). Several programs may call this at once: one migrates, the others
/// wait. `db` is a connection to `file`, outside of a transaction. Logs `store_migrated`.
/// Throws start_error, error.
void migrate(database& db, std::filesystem::path const& file, std::span<migration const> steps, log::logger& log,
             backup_first copies = backup_first::yes);

}  // namespace porter::detail::store::sqlite
