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

/// Whether the file says that it is used with one: https://www.sqlite.org/fileformat2.html, 1.3.3.
bool has_write_ahead_log(options const& rules)
{
    constexpr std::size_t read_version_at = 19;
    constexpr unsigned char by_log = 2;
    return database{rules.path, database::access::file_alone}.first_bytes()[read_version_at] == by_log;
}

}  // namespace

int newest_version() noexcept
{
    return migrations().back().version;
}

void recover(options const& rules)
{
    auto journal = rules.path;
    journal += "-journal";
    std::error_code ignored;
    if (!std::filesystem::exists(journal, ignored)) return;
    database db{rules.path, database::access::read_write};
    db.leave_log_when_closing();
    db.wait_for_locks(rules.busy_timeout);
    db.integer("PRAGMA user_version");
}

void reject_wrong_content(options const& rules, depth how)
{
    database db{rules.path, database::access::read_only};
    db.wait_for_locks(rules.busy_timeout);
    bool const empty = db.integer("SELECT count(*) FROM sqlite_schema") == 0;
    if (!empty && db.integer("PRAGMA application_id") != our_application_id) {
        throw cannot_open(start_errc::bad_data, rules.path, "another program's database");
    }
    if (db.integer("PRAGMA user_version") > newest_version()) {
        throw cannot_open(start_errc::bad_data, rules.path, "it is newer than this program");
    }
    if (empty) return;
    auto const* const check =
        how == depth::whole ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check('schema_migrations')";
    if (auto const verdict = db.text(check); verdict != "ok") {
        throw cannot_open(start_errc::bad_data, rules.path, "it is damaged: " + verdict);
    }
}

void reject_foreign_log(options const& rules)
{
    std::error_code none;
    auto const log = rules.path.string() + "-wal";
    auto const is_empty = [&] {
        auto const size = std::filesystem::file_size(log, none);
        return none || size == 0;
    };
    if (is_empty() || has_write_ahead_log(rules)) return;
    // The shell's journal_mode removes the log before it changes the header: the log may have gone in between.
    if (is_empty()) return;
    throw cannot_open(
        start_errc::bad_data, rules.path,
        log +
            " belongs to another database: a backup was copied over the file. Put it in place by "
            "porterctl db restore instead; to go on with the file as it is, move the log away and keep it");
}

void refuse_replaced(database& db)
{
    if (db.is_moved()) throw error{SQLITE_BUSY, "it was replaced while it was being opened: try again"};
}

}  // namespace porter::detail::store::sqlite
