#include "store/sqlite/administration/open.hpp"

#include "store/audit_key.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/file.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

std::unique_ptr<database> connect(options const& options, database::access mode)
{
    auto db = std::make_unique<database>(options.path, mode);
    db->wait_for_locks(options.busy_timeout);
    db->keep_log_on_close();
    if (mode == database::access::read_only) return db;
    if (db->is_read_only()) throw cannot_open(start_errc::io, options.path, "it is read-only");
    db->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    db->author().actor = options.actor;
    if (!options.audit_key_file.empty()) db->author().key = read_audit_key(options.audit_key_file);
    return db;
}

/// Checked under SQLite's locks: the first bytes of the file may be older than the write-ahead log.
void reject_other_schema(database& db, options const& options, accepted_schema schema)
{
    auto const version = db.integer("PRAGMA user_version");
    bool const is_empty = db.integer("SELECT count(*) FROM sqlite_schema") == 0;
    if (!is_empty && db.integer("PRAGMA application_id") != our_application_id) {
        throw cannot_open(start_errc::bad_data, options.path, "another program's database");
    }
    auto const reject = [&](std::string const& advice) {
        throw cannot_open(start_errc::bad_data, options.path,
                          "its version is " + std::to_string(version) + ", and this program works with " +
                              std::to_string(newest_version()) + ": " + advice);
    };
    if (version > newest_version()) reject("use a newer program");
    if (version < newest_version() && schema == accepted_schema::newest) reject("porterctl db migrate brings it there");
}

}  // namespace

std::unique_ptr<database> open_existing(options const& options, database::access mode, accepted_schema schema)
{
    reject_wrong_file(options.path, newest_version());
    reject_foreign_log(options);  // before recover(), whose connection would replay it
    recover(options);
    auto db = connect(options, mode);
    reject_other_schema(*db, options, schema);
    reject_replaced(*db);
    return db;
}

std::unique_ptr<database> open_alone(options const& options)
{
    reject_wrong_file(options.path, newest_version());
    reject_foreign_log(options);
    recover(options);
    auto db = connect(options, database::access::read_write);
    // In this mode the transaction's lock stays until the connection is closed.
    db->execute("PRAGMA main.locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
    reject_other_schema(*db, options, accepted_schema::older);
    reject_replaced(*db);
    return db;
}

}  // namespace porter::detail::store::sqlite::administration
