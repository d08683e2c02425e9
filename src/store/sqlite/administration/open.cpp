#include "store/sqlite/administration/open.hpp"

#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/file.hpp"
#include "store/sqlite/migrator.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

std::unique_ptr<database> connect(options const& rules, database::access how)
{
    auto db = std::make_unique<database>(rules.path, how);
    db->wait_for_locks(rules.busy_timeout);
    db->leave_log_when_closing();
    if (how == database::access::read_only) return db;
    if (db->is_read_only()) throw cannot_open(start_errc::io, rules.path, "it is read-only");
    db->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    return db;
}

/// Judged under the database's own locks: the first bytes of the file may be older than the write-ahead log.
void reject_other_schema(database& db, options const& rules, schema wanted)
{
    auto const version = db.integer("PRAGMA user_version");
    bool const is_empty = db.integer("SELECT count(*) FROM sqlite_schema") == 0;
    if (!is_empty && db.integer("PRAGMA application_id") != our_application_id) {
        throw cannot_open(start_errc::bad_data, rules.path, "another program's database");
    }
    auto const refuse = [&](std::string const& what_to_do) {
        throw cannot_open(start_errc::bad_data, rules.path,
                          "its version is " + std::to_string(version) + ", and this program works with " +
                              std::to_string(newest_version()) + ": " + what_to_do);
    };
    if (version > newest_version()) refuse("use a newer program");
    if (version < newest_version() && wanted == schema::newest) refuse("porterctl db migrate brings it there");
}

std::unique_ptr<database> open_existing(options const& rules, database::access how, schema wanted)
{
    reject_wrong_file(rules.path, newest_version());
    reject_foreign_log(rules);  // before recover(), whose connection would play it
    recover(rules);
    auto db = connect(rules, how);
    reject_other_schema(*db, rules, wanted);
    refuse_replaced(*db);
    return db;
}

}  // namespace

std::unique_ptr<database> open_to_read(options const& rules, schema wanted)
{
    return open_existing(rules, database::access::read_only, wanted);
}

std::unique_ptr<database> open_to_write(options const& rules)
{
    return open_existing(rules, database::access::read_write, schema::newest);
}

std::unique_ptr<database> open_alone(options const& rules)
{
    reject_wrong_file(rules.path, newest_version());
    reject_foreign_log(rules);
    recover(rules);
    auto db = connect(rules, database::access::read_write);
    // In this mode the lock of the transaction stays until the connection is closed.
    db->execute("PRAGMA main.locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
    reject_other_schema(*db, rules, schema::older);
    refuse_replaced(*db);
    return db;
}

void migrate_file(options const& rules, log::logger& log)
{
    auto const db = open_existing(rules, database::access::read_write, schema::older);
    reject_wrong_content(rules, depth::schema);
    migrate(*db, rules.path, migrations(), log);
}

}  // namespace porter::detail::store::sqlite::administration
