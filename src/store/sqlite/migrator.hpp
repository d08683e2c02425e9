#pragma once

#include <filesystem>
#include <span>

#include "log/logger.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/migration.hpp"

namespace porter::detail::store::sqlite {

/// Whether what is in the file is copied before it is changed.
enum class backup_first : bool { no, yes };

/// Brings the schema up to the last of `steps`, each in a transaction of its own: one that fails leaves the version
/// before it. Before the first change to a database that is in use, a copy of it is made beside the file, named
/// porter.db.before-v2-20261122T180200Z (mode 0600). Several programs may do this at once: one does it, the others
/// wait for it. `db` is a connection to `file`, outside of a transaction. Logs `store_migrated`.
/// Throws start_error, failure.
void migrate(database& db, std::filesystem::path const& file, std::span<migration const> steps, log::logger& log,
             backup_first copies = backup_first::yes);

}  // namespace porter::detail::store::sqlite
