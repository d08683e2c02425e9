#pragma once

#include <memory>

#include "log/logger.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/options.hpp"

/// What an administrator does with the database file itself, whether porterd runs or not. Every operation is one
/// statement or one transaction and durable when it returns; a running porterd learns of ended sessions from the
/// journal. The calls block. They throw error, and what opens a file throws start_error as well.
namespace porter::detail::store::sqlite::administration {

/// Which schema versions to accept.
enum class schema : std::uint8_t {
    newest,  ///< that of this program
    older,   ///< also earlier ones
};

/// Opens an existing file for reading. Throws start_error: bad_data when the file is damaged, another program's, of a
/// version that is not accepted, or has the log of another file beside it; io when it cannot be read or is read-only.
std::unique_ptr<database> open_to_read(options const& options, schema wanted = schema::newest);

/// Opens an existing file for writing. Does not checkpoint its write-ahead log. Throws like open_to_read().
std::unique_ptr<database> open_to_write(options const& options);

/// Opens an existing file, of this version or an earlier one, so that no other program can read or write it until the
/// connection is closed. Throws like open_to_read(); an error that is_busy() when another program has the file open.
std::unique_ptr<database> open_alone(options const& options);

/// Migrates an existing file to the newest schema as a start of porterd does, after copying it. Logs `store_migrated`
/// for each step. Throws like open_to_read(), and cannot_create for the copy.
void migrate_file(options const& options, log::logger& log);

}  // namespace porter::detail::store::sqlite::administration
