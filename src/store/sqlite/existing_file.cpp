#include "store/sqlite/existing_file.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <system_error>

#include "store/sqlite/database.hpp"
#include "store/sqlite/file.hpp"
#include "store/sqlite/migration.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace porter::detail::store::sqlite {

namespace {

/// Whether the header says so: https://www.sqlite.org/fileformat2.html, 1.3.3.
bool has_write_ahead_log(options const& options)
{
    constexpr std::size_t read_version_at = 19;
    constexpr unsigned char by_log = 2;
    return database{options.path, database::access::immutable}.first_bytes()[read_version_at] == by_log;
}

}  // namespace

int newest_version() noexcept
{
    return migrations().back().version;
}

void recover(options const& options)
{
    auto journal = options.path;
    journal += "-journal";
    std::error_code ignored;
    if (!std::filesystem::exists(journal, ignored)) return;
    database db{options.path, database::access::read_write};
    db.keep_log_on_close();
    db.wait_for_locks(options.busy_timeout);
    db.integer("PRAGMA user_version");
}

void reject_wrong_content(options const& options, check_depth depth)
{
    database db{options.path, database::access::read_only};
    db.wait_for_locks(options.busy_timeout);
    bool const empty = db.integer("SELECT count(*) FROM sqlite_schema") == 0;
    if (!empty && db.integer("PRAGMA application_id") != our_application_id) {
        throw cannot_open(start_errc::bad_data, options.path, "another program's database");
    }
    if (db.integer("PRAGMA user_version") > newest_version()) {
        throw cannot_open(start_errc::bad_data, options.path, "it is newer than this program");
    }
    if (empty) return;
    auto const* const check =
        depth == check_depth::whole ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check('schema_migrations')";
    if (auto const report = db.text(check); report != "ok") {
        throw cannot_open(start_errc::bad_data, options.path, "it is damaged: " + report);
    }
}

void reject_foreign_log(options const& options)
{
    std::error_code none;
    auto const log = options.path.string() + "-wal";
    auto const is_empty = [&] {
        auto const size = std::filesystem::file_size(log, none);
        return none || size == 0;
    };
    if (is_empty() || has_write_ahead_log(options)) return;
    // The shell's journal_mode removes the log before it changes the header: look again.
    if (is_empty()) return;
    throw cannot_open(
        start_errc::bad_data, options.path,
        log +
            " belongs to another database: a backup was copied over the file. Put it in place by "
            "porterctl db restore instead; to go on with the file as it is, move the log away and keep it");
}

void reject_replaced(database& db)
{
    if (db.is_moved()) throw error{SQLITE_BUSY, "it was replaced while it was being opened: try again"};
}

}  // namespace porter::detail::store::sqlite
