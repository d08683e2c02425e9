#include "store/sqlite/existing.hpp"

#include <system_error>

#include "store/sqlite/database.hpp"
#include "store/sqlite/file.hpp"
#include "store/sqlite/migration.hpp"

namespace porter::rooms::store::sqlite {

using kind = start_error::kind;

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
    auto const* const check = how == depth::whole ? "PRAGMA quick_check(1)" : "PRAGMA quick_check('schema_migrations')";
    if (auto const verdict = db.text(check); verdict != "ok") {
        throw cannot_open(kind::bad_data, rules.path, "it is damaged: " + verdict);
    }
}

}  // namespace porter::rooms::store::sqlite
