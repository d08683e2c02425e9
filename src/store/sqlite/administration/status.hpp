#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "store/administration_rows.hpp"
#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite::administration {

/// The steps of the schema that were applied, in order; the schema may be an earlier one, but has tables. Throws error.
std::vector<applied_migration> list_migrations(database& db);

/// As store::administration describes it; the schema may be an earlier one. Throws error.
store_status status_of(database& db);

/// The sizes of a database; 0 of a file that does not exist.
struct file_sizes {
    std::uint64_t file_bytes = 0;
    std::uint64_t log_bytes = 0;  ///< of the write-ahead log beside the file
};

file_sizes sizes_of(std::filesystem::path const& file);

/// A process that has a database open.
struct file_user {
    ::pid_t process = 0;
    std::string program;  ///< its name; empty: not known
};

/// Another process that has the database open, or none. A process in another container is found without its number (0).
/// To be called while this process has no connection to the file, as it would drop its locks.
std::optional<file_user> user_of(std::filesystem::path const& file);

}  // namespace porter::detail::store::sqlite::administration
