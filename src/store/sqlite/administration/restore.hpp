#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "store/sqlite/administration/backup.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::store::sqlite::administration {

/// The content of a restored database, and the fate of the previous one.
struct restored {
    std::uint64_t accounts = 0;
    std::uint64_t sessions = 0;
    std::uint64_t sessions_ended = 0;   ///< those of the backup that ended since, or may have
    bool was_readable = false;          ///< the previous database; otherwise every session of the backup is ended
    std::filesystem::path set_aside{};  ///< the previous database, with its log beside it; empty: there was none
};

/// Checks a backup's mode and first bytes, as restore() does, and changes nothing. Throws start_error, which names the
/// backup.
void reject_wrong_backup(std::filesystem::path const& backup);

/// Replaces the database by a backup; no other program can open it until that is done. Sessions that ended since the
/// backup stay ended, and ids that were used since are not reused. Keeps the previous database under another name.
/// Migrates a backup of an older version. All or nothing, except for a crash at the last step, after which the next
/// start fails by reject_foreign_log(). None: `report` stopped it before the end of the copy. Throws start_error:
/// bad_data when the backup is damaged, another program's or newer; io; cannot_create. Throws administration_error:
/// unavailable when another program has the database open.
std::optional<restored> restore(options const& options, std::filesystem::path const& backup, progress const& report);

}  // namespace porter::detail::store::sqlite::administration
