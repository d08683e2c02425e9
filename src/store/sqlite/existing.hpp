#pragma once

#include "store/sqlite/options.hpp"

namespace porter::rooms::store::sqlite {

/// The version of the schema that this program makes and works with.
int newest_version() noexcept;

/// Undoes what a start that was cut off left half done: such a start leaves a journal beside the file, and a connection
/// that may write undoes it. Throws failure.
void recover(options const& rules);

/// Whether each page is what it should be takes reading each page.
enum class depth { schema, whole };

/// Judges what only SQLite can tell of a file that somebody may be using, so under its locks: whose it is, its version
/// and, as deep as is said, whether it is undamaged. Throws start_error(bad_data), failure.
void refuse_wrong_content(options const& rules, depth how);

}  // namespace porter::rooms::store::sqlite
