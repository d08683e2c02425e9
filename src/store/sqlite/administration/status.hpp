#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite::administration {

struct applied_migration {
    int version = 0;
    std::string name;
    base::timestamp applied_at{};
};

struct database_status {
    int version = 0;  ///< of the schema in the file
    int newest = 0;   ///< of this program
    std::vector<applied_migration> migrations;
    std::uint64_t accounts = 0;
    std::uint64_t disabled_accounts = 0;
    std::uint64_t sessions = 0;
    std::uint64_t addresses = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t log_bytes = 0;  ///< of the write-ahead log beside the file
};

/// `db` is a connection to `file`, with the newest schema or an earlier one.
database_status status_of(database& db, std::filesystem::path const& file);

struct file_user {
    ::pid_t process = 0;
    std::string program;  ///< its name; empty: not known
};

/// Another process that has the database open, or none. A process in another container is found without its number (0).
/// To be called while this process has no connection to the file, as it would drop its locks.
std::optional<file_user> user_of(std::filesystem::path const& file);

}  // namespace porter::detail::store::sqlite::administration
