#pragma once

#include "store/sqlite/database.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::store::sqlite {

/// The schema version of this program.
int newest_version() noexcept;

/// Rolls back the journal that an interrupted start leaves beside the file, by opening a connection that may write.
/// Throws error.
void recover(options const& options);

/// `whole` reads every page and index.
enum class check_depth { schema, whole };

/// Checks through SQLite, under its locks, that the database is Porter's, not newer than this program, and undamaged to
/// this depth. Throws start_error(bad_data), error.
void reject_wrong_content(options const& options, check_depth depth);

/// Rejects a write-ahead log that belongs to another file, which SQLite would replay over this one: it stays when a
/// backup is copied over the database of a killed porterd. Detected by the header of the file, as backups by porterctl
/// and VACUUM INTO use no log; other copies are not detected. Throws start_error(bad_data), error.
void reject_foreign_log(options const& options);

/// Rejects, as busy, a file that was replaced while it was being opened: a program that waited for the lock of
/// db restore has opened the old file. `db` has read something, so that it holds a lock that db restore waits for.
/// Throws error.
void reject_replaced(database& db);

}  // namespace porter::detail::store::sqlite
