#pragma once

#include <memory>

#include "log/logger.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/options.hpp"

/// What an administrator does with the database file itself, whether porterd runs or not. Every operation is one
/// statement or one transaction, durable when it returns; what it ends is told to a running porterd by the journal of
/// endings. The calls block. They throw error, and what opens a file throws start_error as well.
namespace porter::detail::store::sqlite::administration {

/// Which schema a file may have.
enum class schema : std::uint8_t {
    newest,  ///< the one that this program works with
    older,   ///< or one before it
};

/// Opens an existing file for looking. Throws start_error: bad_data when the file is damaged, another program's, newer,
/// or older where that is not wanted, or has the log of another beside it; io when it cannot be read or is read-only.
std::unique_ptr<database> open_to_read(options const& options, schema wanted = schema::newest);

/// Opens an existing file for changes. It leaves the write-ahead log to porterd. Throws as open_to_read().
std::unique_ptr<database> open_to_write(options const& options);

/// Opens an existing file, of this version or one before, that no other program can read or write until it is closed.
/// Throws as open_to_read(); an error that is_busy() when another program has it open.
std::unique_ptr<database> open_alone(options const& options);

/// Brings an existing file to the newest schema as porterd does when it starts: all or nothing, and after a copy of
/// what was there. Logs `store_migrated` for each step. Throws as open_to_read(), and cannot_create for the copy.
void migrate_file(options const& options, log::logger& log);

}  // namespace porter::detail::store::sqlite::administration
