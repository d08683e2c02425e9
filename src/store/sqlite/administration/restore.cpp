#include "store/sqlite/administration/restore.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>

#include "log/logger.hpp"
#include "store/audit_key.hpp"
#include "store/sqlite/administration/copy.hpp"
#include "store/sqlite/administration/open.hpp"
#include "store/sqlite/administration/status.hpp"
#include "store/sqlite/administration/translate_errors.hpp"
#include "store/sqlite/audit_chain.hpp"
#include "store/sqlite/audited_transaction.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/file.hpp"
#include "store/sqlite/migration.hpp"
#include "store/sqlite/migrator.hpp"
#include "store/sqlite/sqlite_error.hpp"
#include "store/sqlite/statement.hpp"
#include "store/sqlite/transaction.hpp"

namespace porter::detail::store::sqlite::administration {

namespace {

/// The errors name the backup, not the database.
std::unique_ptr<database> open_backup(options const& options)
{
    try {
        auto opened = open_existing(options, database::access::read_only, accepted_schema::older);
        if (opened->integer("PRAGMA user_version") == 0) {
            throw cannot_open(start_errc::bad_data, options.path, "it is empty");
        }
        return opened;
    } catch (error const& problem) {
        throw explain(options.path, problem);
    }
}

/// Ids that are skipped when it is not known which ones were used since the backup.
constexpr std::int64_t unknown_ids = 1'000'000;

/// Discards the lines of the migration, which stand in the table schema_migrations, too.
class no_log final : public log::logger {
public:
    no_log() : logger(log::level::error) {}

private:
    void write(log::log_record const&) noexcept override {}
};

/// The schema from which on a database has all kinds of codes.
constexpr std::int64_t version_with_codes = 10;

/// Takes invitations and resets back that are not in the previous database any more, as they may have been redeemed
/// since, and marks the uses and the recovery codes that were spent.
constexpr char const* spend_codes =
    "DELETE FROM made.invitations WHERE NOT EXISTS"
    " (SELECT 1 FROM main.invitations AS kept"
    "  WHERE kept.id = invitations.id AND kept.code_digest = invitations.code_digest);"
    "UPDATE made.invitations SET used = max(invitations.used, min(invitations.uses, kept.used)),"
    " expires_at = min(invitations.expires_at, kept.expires_at)"
    " FROM main.invitations AS kept WHERE kept.id = invitations.id;"
    "DELETE FROM made.password_resets WHERE NOT EXISTS"
    " (SELECT 1 FROM main.password_resets AS kept"
    "  WHERE kept.account_id = password_resets.account_id AND kept.code_digest = password_resets.code_digest);"
    "UPDATE made.recovery_codes SET used_by = kept.used_by, used_at = kept.used_at"
    " FROM main.recovery_codes AS kept WHERE kept.account_id = recovery_codes.account_id"
    " AND kept.digest = recovery_codes.digest AND kept.used_by IS NOT NULL AND recovery_codes.used_by IS NULL";

/// Keeps the sessions and codes that are in both databases, and skips the ids that either has used.
void carry_over(database& previous, std::filesystem::path const& temporary)
{
    statement{previous, "ATTACH ?1 AS made", temporary.string()}.run();
    {
        transaction tx{previous};
        previous.execute(
            "DELETE FROM made.sessions WHERE NOT EXISTS"
            " (SELECT 1 FROM main.sessions AS kept"
            "  WHERE kept.id = sessions.id AND kept.token_digest = sessions.token_digest);"
            "UPDATE made.sqlite_sequence SET seq = max(seq, coalesce("
            " (SELECT given.seq FROM main.sqlite_sequence AS given WHERE given.name = sqlite_sequence.name), 0));"
            "INSERT INTO made.sqlite_sequence (name, seq) SELECT name, seq FROM main.sqlite_sequence"
            " WHERE name NOT IN (SELECT name FROM made.sqlite_sequence)");
        bool const has_codes = previous.integer("PRAGMA main.user_version") >= version_with_codes;
        previous.execute(has_codes ? spend_codes : "DELETE FROM made.invitations; DELETE FROM made.password_resets");
        tx.commit();
    }
    previous.execute("DETACH made");
}

/// To be called when it is not known which sessions ended and which codes were redeemed.
void end_all(database& copy)
{
    transaction tx{copy};
    copy.execute(
        "DELETE FROM invitations; DELETE FROM password_resets; DELETE FROM sessions;"
        "UPDATE sqlite_sequence SET seq = seq + " +
        std::to_string(unknown_ids));
    tx.commit();
}

/// Sets the author of the changes of the copy, with the key of the audit if it is here.
void set_author(database& copy, options const& options)
{
    copy.author().actor = options.actor;
    if (!options.audit_key_file.empty()) copy.author().key = read_audit_key(options.audit_key_file);
}

/// The last number of the chain of audit as text; "none": it has no audit, or cannot be read.
std::string end_of_audit(database& db)
{
    if (db.integer("PRAGMA user_version") < first_audited_version) return "none";
    return std::to_string(read_audit_head(db).last_number);
}

/// Appends a row that says that the rows of audit of the previous database are not in this one, and names the author in
/// those after the id `last`, which the restore has made.
void note_restore(database& copy, std::filesystem::path const& backup, std::string const& previous, std::int64_t last)
{
    audited_transaction tx{copy};
    statement{copy, "UPDATE audit SET actor = ?2 WHERE id > ?1", last, copy.author().actor}.run();
    statement{copy,
              "INSERT INTO audit (action, object, before, after)"
              " VALUES ('database_restored', ?1, 'last_number=' || ?2, 'last_number=' || ?3)",
              backup.string(), previous, end_of_audit(copy)}
        .run();
    tx.commit();
}

bool is_there(std::filesystem::path const& path)
{
    std::error_code unknown;
    return std::filesystem::symlink_status(path, unknown).type() != std::filesystem::file_type::not_found;
}

/// The previous database. While this object lives no other program can use it, as its writes would be lost.
class predecessor {
public:
    /// Throws error (busy) when another program has it open, start_error when it is another user's.
    explicit predecessor(options const& options) : options_(options), is_there_(is_there(options.path))
    {
        if (is_there_) open();
    }

    bool exists() const noexcept { return is_there_; }
    /// Whether its sessions can be read.
    bool is_readable() const noexcept { return is_readable_; }
    /// Requires is_readable().
    database& content() noexcept { return *database_; }

    /// Checkpoints, so that the kept file needs no log and none is left beside the new one.
    void empty_log()
    {
        if (is_readable_) database_->checkpoint();
    }

    /// A database that cannot be opened is not locked, and no porterd could start on it.
    void reject_in_use() const
    {
        if (database_ || !user_of(options_.path)) return;
        throw start_error{start_errc::io,
                          "a program has opened " + options_.path.string() + " since: nothing was changed"};
    }

private:
    void open()
    {
        try {
            database_ = open_alone(options_);
            is_readable_ =
                database_->text("PRAGMA quick_check(1)") == "ok" && database_->integer("PRAGMA user_version") > 0;
        } catch (error const& problem) {
            if (!problem.is_bad_data()) throw;
        } catch (start_error const& problem) {
            if (problem.code() != start_errc::bad_data) throw;  // an administrator has to look
        }
    }

    options const& options_;
    bool is_there_;
    bool is_readable_ = false;
    std::unique_ptr<database> database_;
};

void move(std::filesystem::path const& from, std::filesystem::path const& to)
{
    std::error_code failed;
    std::filesystem::rename(from, to, failed);
    if (failed) throw start_error{start_errc::io, "cannot rename " + from.string() + ": " + failed.message()};
}

/// Does not replace a file that another program may have created.
void move_to_free_name(std::filesystem::path const& from, std::filesystem::path const& to)
{
    if (::link(from.c_str(), to.c_str()) != 0) {
        throw start_error{start_errc::cannot_create,
                          "cannot create " + to.string() + ": " + std::generic_category().message(errno)};
    }
    ::unlink(from.c_str());
}

/// Links the previous database to a second name beside it; its log is renamed later.
std::filesystem::path keep_aside(std::filesystem::path const& file, std::string const& now)
{
    auto const stem = file.string() + ".before-restore-" + now;
    auto name = stem;
    for (int tries = 2; ::link(file.c_str(), name.c_str()) != 0; ++tries) {
        if (errno != EEXIST) {
            throw start_error{start_errc::cannot_create,
                              "cannot create " + name + ": " + std::generic_category().message(errno)};
        }
        name = stem + "-" + std::to_string(tries);
    }
    return name;
}

/// Moves the new file first: a crash then leaves it beside a foreign log, which a start rejects. `temporary` is locked
/// until all files are in place, so that no program opens it beside files of the previous database.
std::filesystem::path put_in_place(std::filesystem::path const& temporary, std::filesystem::path const& file,
                                   predecessor const& previous, std::string const& now)
{
    std::filesystem::path set_aside;
    if (previous.exists()) {
        set_aside = keep_aside(file, now);
        sync_folder_of(file);  // move() removes the other name: one must survive a crash
        move(temporary, file);
    } else {
        move_to_free_name(temporary, file);
    }
    for (auto const* suffix : {"-wal", "-journal"}) {
        auto const beside = file.string() + suffix;
        if (!is_there(beside)) continue;
        std::error_code unknown;
        if (std::filesystem::file_size(beside, unknown) == 0) {
            std::filesystem::remove(beside, unknown);
        } else {
            move(beside, (set_aside.empty() ? beside + ".before-restore-" + now : set_aside.string() + suffix));
        }
    }
    std::error_code ignored;
    std::filesystem::remove(file.string() + "-shm", ignored);
    return set_aside;
}

}  // namespace

void reject_wrong_backup(std::filesystem::path const& backup)
{
    try {
        reject_wrong_file(backup, newest_version());
    } catch (error const& problem) {
        throw explain(backup, problem);
    }
}

namespace {

/// restore(), which throws error.
std::optional<restored> replace_by_backup(options const& options, std::filesystem::path const& backup,
                                          progress const& report)
{
    auto source_options = options;
    source_options.path = backup;
    predecessor previous{options};
    temporary_file const temporary{options.path};
    {
        auto const source = open_backup(source_options);
        if (!copy_whole(*source, temporary.path(), report)) return std::nullopt;
    }
    restored done;
    std::string now;
    {
        database copy{temporary.path(), database::access::read_write};
        no_log unread;
        set_author(copy, options);
        auto const version = copy.integer("PRAGMA user_version");
        migrate(copy, temporary.path(), migrations(), unread, backup_first::no);
        begin_new_audit(copy, version);
        auto const last_row = last_audit_id(copy);
        auto const sessions_before = copy.integer("SELECT count(*) FROM sessions");
        done.was_readable = previous.is_readable();
        if (done.was_readable) {
            carry_over(previous.content(), temporary.path());
        } else {
            end_all(copy);
        }
        note_restore(copy, backup, done.was_readable ? end_of_audit(previous.content()) : "none", last_row);
        done.accounts = static_cast<std::uint64_t>(copy.integer("SELECT count(*) FROM accounts"));
        done.sessions = static_cast<std::uint64_t>(copy.integer("SELECT count(*) FROM sessions"));
        done.sessions_ended = static_cast<std::uint64_t>(sessions_before) - done.sessions;
        now = copy.text("SELECT strftime('%Y%m%dT%H%M%SZ', 'now')");
    }
    previous.reject_in_use();
    previous.empty_log();
    sync_to_disk(temporary.path());
    {
        // No descriptor of the file may be opened and closed from here on: that would end the lock (POSIX).
        database locked{temporary.path(), database::access::read_write};
        locked.execute("PRAGMA main.locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
        done.set_aside = put_in_place(temporary.path(), options.path, previous, now);
    }
    sync_to_disk(options.path);
    return done;
}

}  // namespace

std::optional<restored> restore(options const& options, std::filesystem::path const& backup, progress const& report)
{
    return translate_errors(options.path, [&] { return replace_by_backup(options, backup, report); });
}

}  // namespace porter::detail::store::sqlite::administration
