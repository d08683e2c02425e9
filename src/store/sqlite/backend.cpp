#include "store/sqlite/backend.hpp"

#include <chrono>
#include <thread>

#include "store/audit_key.hpp"
#include "store/sqlite/access_codes.hpp"
#include "store/sqlite/accounts.hpp"
#include "store/sqlite/addresses.hpp"
#include "store/sqlite/attempts.hpp"
#include "store/sqlite/audit_chain.hpp"
#include "store/sqlite/bans.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/fault_log.hpp"
#include "store/sqlite/file.hpp"
#include "store/sqlite/file_watch.hpp"
#include "store/sqlite/migration.hpp"
#include "store/sqlite/migrator.hpp"
#include "store/sqlite/reader.hpp"
#include "store/sqlite/second_factors.hpp"
#include "store/sqlite/sessions.hpp"
#include "store/sqlite/writer.hpp"

namespace porter::detail::store::sqlite {

namespace {

/// Turns the write-ahead log on. This needs the file exclusively for a moment, but SQLite does not wait for a lock
/// here, and another program may be starting.
void use_write_ahead_log(database& db, options const& options)
{
    auto const deadline = std::chrono::steady_clock::now() + options.start_timeout;
    for (;;) {
        try {
            if (db.text("PRAGMA journal_mode = WAL") == "wal") return;
            throw cannot_open(start_errc::io, options.path, "this file system has no write-ahead log");
        } catch (error const& problem) {
            if (!problem.is_busy() || std::chrono::steady_clock::now() >= deadline) throw;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
}

/// The writer's connection to an existing, checked file, which it migrates. Migrates before it turns the write-ahead
/// log on, so that the file itself has Porter's application_id from the start.
std::unique_ptr<database> prepare(options const& options, log::logger& log)
{
    auto db = std::make_unique<database>(options.path, database::access::read_write);
    if (db->is_read_only()) throw cannot_open(start_errc::io, options.path, "it is read-only");
    db->wait_for_locks(options.start_timeout);
    auto const version = db->integer("PRAGMA user_version");  // waits for a restore that is replacing the file
    reject_replaced(*db);
    migrate(*db, options.path, migrations(), log);
    use_write_ahead_log(*db, options);
    db->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    reject_replaced(*db);
    open_audit(*db, options, version, log);
    rollback_pending(*db);
    db->wait_for_locks(options.busy_timeout);
    return db;
}

}  // namespace

struct backend::parts {
    parts(options const& options, log::logger& log)
        : faults(log),
          connection(prepare(options, log)),
          files(options.path, log),
          writes(std::move(connection), options, files, faults, counted.changes, log),
          reads(options, files, faults, counted.lookups, [this] { writes.close_lost(); })
    {}

    fault_log faults;
    store::statistics counted;
    std::unique_ptr<database> connection;  // moved into the writer
    file_watch files;
    writer writes;  // outlives the reader: the last connection to close empties the write-ahead log
    reader reads;
    sqlite::accounts accounts{reads.queue(), writes.queue()};
    sqlite::sessions sessions{reads, writes.queue()};
    sqlite::addresses addresses{reads.queue(), writes.queue()};
    sqlite::attempts attempts{writes.queue()};
    sqlite::bans bans{reads};
    sqlite::access_codes codes{reads.queue(), writes.queue()};
    sqlite::second_factors second_factors{reads.queue(), writes.queue()};
};

backend::backend(options const& options, log::logger& log) : parts_(std::make_unique<parts>(options, log)) {}

backend::~backend() = default;

store::ports backend::ports() noexcept
{
    store::ports all{parts_->accounts, parts_->sessions, parts_->addresses, parts_->attempts};
    all.bans = &parts_->bans;
    all.codes = &parts_->codes;
    all.second_factors = &parts_->second_factors;
    return all;
}

store::statistics const& backend::statistics() const noexcept
{
    return parts_->counted;
}

std::unique_ptr<backend> open(options const& options, log::logger& log)
{
    try {
        reject_unusable_name(options.path);
        reject_wrong_companions(options.path);
        if (!make_private_file(options.path)) {
            reject_wrong_file(options.path, newest_version());
            if (make_private(options.path)) log.warn("database_made_private", {{"file", options.path.native()}});
            reject_foreign_log(options);
            auto patient = options;
            patient.busy_timeout = options.start_timeout;
            recover(patient);
            // The time of a start must not grow with the accounts: a large file is read whole only by check().
            auto const size = std::filesystem::file_size(options.path);
            reject_wrong_content(patient, size <= options.whole_check_limit ? check_depth::whole : check_depth::schema);
        }
        return std::make_unique<backend>(options, log);
    } catch (error const& problem) {
        throw explain(options.path, problem);
    }
}

void check(options const& options, std::filesystem::path const& planned)
{
    reject_unusable_name(options.path);
    reject_wrong_companions(options.path);
    if (!options.audit_key_file.empty()) read_audit_key(options.audit_key_file);
    if (!exists_or_can_be_made(options.path, planned)) return;
    try {
        reject_wrong_file(options.path, newest_version());
        reject_foreign_log(options);
        reject_wrong_content(options, check_depth::whole);
    } catch (error const& problem) {
        throw explain(options.path, problem);
    }
}

}  // namespace porter::detail::store::sqlite
