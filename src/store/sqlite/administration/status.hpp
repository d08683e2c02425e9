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
    int newest = 0;   ///< that this program knows
    std::vector<applied_migration> migrations;
    std::uint64_t accounts = 0;
    std::uint64_t disabled_accounts = 0;
    std::uint64_t sessions = 0;
    std::uint64_t addresses = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t log_bytes = 0;  ///< of the write-ahead log beside the file
};

/// `db` is open on `file`, with the newest schema or one before it.
database_status status_of(database& db, std::filesystem::path const& file);

struct file_user {
    ::pid_t process = 0;
    std::string program;  ///< its name; empty when it cannot be told
};

/// Another process that has the database open, or none that we know of: one that runs in another container is seen
/// without its number (0). To be asked while this process has no connection to the file, whose locks it would drop.
std::optional<file_user> user_of(std::filesystem::path const& file);

}  // namespace porter::detail::store::sqlite::administration
