#include "store/sqlite/existing.hpp"

#include <cstddef>
#include <cstdint>
#include <system_error>

#include "store/sqlite/database.hpp"
#include "store/sqlite/file.hpp"
#include "store/sqlite/migration.hpp"

namespace porter::rooms::store::sqlite {

namespace {

using kind = start_error::kind;

/// Whether the file says that it is used with one: https://www.sqlite.org/fileformat2.html, 1.3.3.
bool has_write_ahead_log(options const& rules)
{
    constexpr std::size_t read_version_at = 19;
    constexpr unsigned char by_log = 2;
    return database{rules.path, database::access::file_alone}.first_bytes()[read_version_at] == by_log;
}

/// Whether the log beside the file says that it was begun on what the file says, or that it was moved there since.
bool is_of_file(options const& rules)
{
    constexpr auto has_table = "SELECT count(*) FROM sqlite_schema WHERE name = 'log_identity'";
    constexpr auto current = "SELECT current FROM log_identity";
    std::int64_t of_file = 0;
    try {
        database alone{rules.path, database::access::file_alone};
        if (alone.integer(has_table) == 0) return true;
        of_file = alone.integer(current);
    } catch (failure const&) {
        return true;  // half moved into the file: it is whole only together with the log
    }
    database together{rules.path, database::access::read_only};
    together.leave_log_when_closing();
    together.wait_for_locks(rules.busy_timeout);
    if (together.integer(has_table) == 0) return true;
    return together.integer(current) == of_file || together.integer("SELECT previous FROM log_identity") == of_file;
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
    db.wait_for_locks(rules.busy_timeout);
    db.integer("PRAGMA user_version");
}

void refuse_wrong_content(options const& rules, depth how)
{
    database db{rules.path, database::access::read_only};
    db.wait_for_locks(rules.busy_timeout);
    bool const empty = db.integer("SELECT count(*) FROM sqlite_schema") == 0;
    if (!empty && db.integer("PRAGMA application_id") != our_application_id) {
        throw cannot_open(kind::bad_data, rules.path, "another program's database");
    }
    if (db.integer("PRAGMA user_version") > newest_version()) {
        throw cannot_open(kind::bad_data, rules.path, "it is newer than this program");
    }
    if (empty) return;
    auto const* const check =
        how == depth::whole ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check('schema_migrations')";
    if (auto const verdict = db.text(check); verdict != "ok") {
        throw cannot_open(kind::bad_data, rules.path, "it is damaged: " + verdict);
    }
}

void refuse_log_of_another(options const& rules)
{
    std::error_code none;
    auto const log = rules.path.string() + "-wal";
    auto const size = std::filesystem::file_size(log, none);
    if (none || size == 0) return;
    auto const refuse = [&] {
        throw cannot_open(kind::bad_data, rules.path,
                          log +
                              " belongs to another database: if a backup was copied over the file, undo that, and let "
                              "porterctl db restore do it; to go on with the file as it is, remove " +
                              log);
    };
    if (!has_write_ahead_log(rules)) refuse();
    // Another program that starts just now may begin a log between the two looks, but not each time.
    for (int looks = 0; looks < 3; ++looks) {
        if (is_of_file(rules)) return;
    }
    refuse();
}

}  // namespace porter::rooms::store::sqlite
