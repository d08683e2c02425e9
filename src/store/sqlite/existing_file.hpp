#pragma once

#include "store/sqlite/database.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::store::sqlite {

/// The version of the schema that this program makes and works with.
int newest_version() noexcept;

/// Undoes what a start that was cut off left half done: such a start leaves a journal beside the file, and a connection
/// that may write undoes it. Throws failure.
void recover(options const& rules);

/// Whether each page and each index is what it should be takes reading all of them.
enum class depth { schema, whole };

/// Judges what only SQLite can tell of a file that somebody may be using, so under its locks: whose it is, its version
/// and, as deep as is said, whether it is undamaged. Throws start_error(bad_data), failure.
void reject_wrong_content(options const& rules, depth how);

/// Refuses a write-ahead log beside a file that it does not belong to: SQLite would play it over the file, as where a
/// backup was copied over a database whose porterd had been killed. Told by the file's header: a backup that porterctl
/// or VACUUM INTO made is used without a log. What was copied by other means is not found. Throws
/// start_error(bad_data), failure.
void reject_foreign_log(options const& rules);

/// Refuses, as busy, a file that was replaced while it was being opened: a program that waited for the lock of
/// db restore has the file before. `db` has read something: with a write-ahead log it holds a lock from then on, for
/// which db restore waits. Throws failure.
void refuse_replaced(database& db);

}  // namespace porter::detail::store::sqlite
