#include "store/sqlite/backend.hpp"

#include <chrono>
#include <thread>

#include "store/sqlite/accounts.hpp"
#include "store/sqlite/addresses.hpp"
#include "store/sqlite/attempts.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/fault_log.hpp"
#include "store/sqlite/file.hpp"
#include "store/sqlite/file_watch.hpp"
#include "store/sqlite/migration.hpp"
#include "store/sqlite/migrator.hpp"
#include "store/sqlite/reader.hpp"
#include "store/sqlite/sessions.hpp"
#include "store/sqlite/writer.hpp"

namespace porter::detail::store::sqlite {

namespace {

/// Gives the file its write-ahead log. SQLite waits for no lock here, although it needs the file for itself for a
/// moment, and another program may be starting just now.
void use_write_ahead_log(database& db, options const& rules)
{
    auto const deadline = std::chrono::steady_clock::now() + rules.busy_timeout;
    for (;;) {
        try {
            if (db.text("PRAGMA journal_mode = WAL") == "wal") return;
            throw cannot_open(start_errc::io, rules.path, "this file system has no write-ahead log");
        } catch (error const& problem) {
            if (!problem.is_busy() || std::chrono::steady_clock::now() >= deadline) throw;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
}

/// The writer's connection to a file that is there, passed every test, and has the newest schema afterwards. It is
/// migrated before it gets its write-ahead log, so that the file itself says whose it is from its first moment on.
std::unique_ptr<database> prepare(options const& rules, log::logger& log)
{
    auto db = std::make_unique<database>(rules.path, database::access::read_write);
    if (db->is_read_only()) throw cannot_open(start_errc::io, rules.path, "it is read-only");
    db->wait_for_locks(rules.busy_timeout);
    db->integer("PRAGMA user_version");  // waits for a restore that is putting another file in place
    refuse_replaced(*db);
    migrate(*db, rules.path, migrations(), log);
    use_write_ahead_log(*db, rules);
    db->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    refuse_replaced(*db);
    rollback_pending(*db);
    return db;
}

}  // namespace

struct backend::parts {
    parts(options const& rules, log::logger& log)
        : faults(log),
          connection(prepare(rules, log)),
          files(rules.path, log),
          writes(std::move(connection), rules, files, faults),
          reads(rules, files, faults, [this] { writes.close_lost(); })
    {}

    fault_log faults;
    std::unique_ptr<database> connection;  // until there is a thread for it
    file_watch files;
    writer writes;  // outlives the connection that reads: the last to close empties the write-ahead log
    reader reads;
    sqlite::accounts accounts{reads.queue(), writes.queue()};
    sqlite::sessions sessions{reads, writes.queue()};
    sqlite::addresses addresses{reads.queue(), writes.queue()};
    sqlite::attempts attempts{writes.queue()};
};

backend::backend(options const& rules, log::logger& log) : parts_(std::make_unique<parts>(rules, log)) {}

backend::~backend() = default;

store::ports backend::ports() noexcept
{
    return {parts_->accounts, parts_->sessions, parts_->addresses, parts_->attempts};
}

std::unique_ptr<backend> open(options const& rules, log::logger& log)
{
    try {
        reject_unusable_name(rules.path);
        reject_wrong_companions(rules.path);
        if (!make_private_file(rules.path)) {
            reject_wrong_file(rules.path, newest_version());
            if (make_private(rules.path)) log.warn("database_made_private", {{"file", rules.path.native()}});
            reject_foreign_log(rules);
            recover(rules);
            // A start must not take longer with every account: a large file is checked whole when that is asked for.
            auto const size = std::filesystem::file_size(rules.path);
            reject_wrong_content(rules, size <= rules.whole_check_limit ? depth::whole : depth::schema);
        }
        return std::make_unique<backend>(rules, log);
    } catch (error const& problem) {
        throw explain(rules.path, problem);
    }
}

void check(options const& rules, std::filesystem::path const& planned)
{
    reject_unusable_name(rules.path);
    reject_wrong_companions(rules.path);
    if (!exists_or_can_be_made(rules.path, planned)) return;
    try {
        reject_wrong_file(rules.path, newest_version());
        reject_foreign_log(rules);
        reject_wrong_content(rules, depth::whole);
    } catch (error const& problem) {
        throw explain(rules.path, problem);
    }
}

}  // namespace porter::detail::store::sqlite
