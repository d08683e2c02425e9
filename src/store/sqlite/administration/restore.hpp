#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "store/sqlite/administration/backup.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::store::sqlite::administration {

/// What a restored database has, and what became of the one before.
struct restored {
    std::uint64_t accounts = 0;
    std::uint64_t sessions = 0;
    std::uint64_t sessions_ended = 0;   ///< those in the backup that had ended since, or of which that cannot be told
    bool was_readable = false;          ///< the database before: else every session of the backup is ended
    std::filesystem::path set_aside{};  ///< the database before, with its log beside it; empty: there was none
};

/// Checks a backup's mode and first bytes, as restore() does, and leaves no trace. Throws start_error, which names the
/// backup.
void reject_wrong_backup(std::filesystem::path const& backup);

/// Puts a backup in the place of the database, which no other program can open until that is done. Sessions that have
/// ended since the backup stay ended, and ids that were given since are not given again. What was there is kept under
/// another name. A backup of an older version is brought to this one. All or nothing, but for a crash in between, which
/// the next start refuses with the words of refuse_log_of_another(). `tell` may stop it until the end of the copying:
/// then there is no result. Throws start_error: bad_data when the backup is damaged, another program's or newer; io;
/// cannot_create. Throws an error that is_busy() when another program has the database open.
std::optional<restored> restore(options const& options, std::filesystem::path const& backup, progress const& report);

}  // namespace porter::detail::store::sqlite::administration
