#include "store/sqlite/administration/restore.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "log/logger.hpp"
#include "store/sqlite/administration/copying.hpp"
#include "store/sqlite/administration/open.hpp"
#include "store/sqlite/administration/status.hpp"
#include "store/sqlite/existing.hpp"
#include "store/sqlite/file.hpp"
#include "store/sqlite/migration.hpp"
#include "store/sqlite/migrator.hpp"
#include "store/sqlite/statement.hpp"
#include "store/sqlite/transaction.hpp"

namespace porter::rooms::store::sqlite::administration {

namespace {

using kind = start_error::kind;

/// Ids that are passed over where nobody can tell which ones were given since the backup.
constexpr std::int64_t unknown_ids = 1'000'000;

/// The steps of a migration stand in the table schema_migrations; nobody reads them here.
class no_log final : public log::logger {
public:
    no_log() : logger(log::level::error) {}

private:
    void write(log::level, std::string_view, std::initializer_list<log::field>) override {}
};

/// Sessions stay that are in both; an id is greater than each that either gave.
void carry_over(database& copy, std::filesystem::path const& before)
{
    statement{copy, "ATTACH ?1 AS before", before.string()}.run();
    {
        transaction whole{copy};
        copy.execute(
            "DELETE FROM sessions WHERE NOT EXISTS"
            " (SELECT 1 FROM before.sessions AS kept"
            "  WHERE kept.id = sessions.id AND kept.token_digest = sessions.token_digest);"
            "UPDATE sqlite_sequence SET seq = max(seq, coalesce("
            " (SELECT given.seq FROM before.sqlite_sequence AS given WHERE given.name = sqlite_sequence.name), 0));"
            "INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM before.sqlite_sequence"
            " WHERE name NOT IN (SELECT name FROM main.sqlite_sequence)");
        whole.commit();
    }
    copy.execute("DETACH before");
}

/// Nobody knows which sessions ended.
void end_all(database& copy)
{
    transaction whole{copy};
    copy.execute("DELETE FROM sessions; UPDATE sqlite_sequence SET seq = seq + " + std::to_string(unknown_ids));
    whole.commit();
}

/// Whether the database before can say what has ended.
bool is_readable(options const& rules)
{
    try {
        refuse_log_of_another(rules);
        auto const db = open_to_read(rules, schema::older);
        return db->text("PRAGMA quick_check(1)") == "ok" && db->integer("PRAGMA user_version") > 0;
    } catch (failure const&) {
        return false;
    } catch (start_error const& refused) {
        if (refused.why() == kind::configuration) throw;  // not whose it should be: that is for a person
        return false;
    }
}

bool is_there(std::filesystem::path const& path)
{
    std::error_code unknown;
    return std::filesystem::symlink_status(path, unknown).type() != std::filesystem::file_type::not_found;
}

void move(std::filesystem::path const& from, std::filesystem::path const& to)
{
    std::error_code failed;
    std::filesystem::rename(from, to, failed);
    if (failed) throw start_error{kind::io, "cannot rename " + from.string() + ": " + failed.message()};
}

/// Root may restore for the user that porterd runs as: the file gets the owner of the one before, or else
/// of the folder.
void give_to_owner(std::filesystem::path const& made, std::filesystem::path const& file)
{
    if (::geteuid() != 0) return;
    struct stat before {};
    auto const folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path{"."};
    if (::lstat(file.c_str(), &before) != 0 && ::stat(folder.c_str(), &before) != 0) return;
    if (::lchown(made.c_str(), before.st_uid, before.st_gid) != 0) {
        throw start_error{kind::io,
                          "cannot give " + file.string() + " to its owner: " + std::generic_category().message(errno)};
    }
}

/// A second name for the database that goes, beside it; its log gets the name that belongs to it afterwards.
std::filesystem::path keep(std::filesystem::path const& file, std::string const& now)
{
    auto const stem = file.string() + ".before-restore-" + now;
    auto name = stem;
    for (int tries = 2; ::link(file.c_str(), name.c_str()) != 0; ++tries) {
        if (errno != EEXIST) {
            throw start_error{kind::cannot_create,
                              "cannot create " + name + ": " + std::generic_category().message(errno)};
        }
        name = stem + "-" + std::to_string(tries);
    }
    return name;
}

/// The new file first: a crash in between leaves it beside a log that is not its own, which a start refuses.
std::filesystem::path put_in_place(std::filesystem::path const& made, std::filesystem::path const& file,
                                   std::string const& now)
{
    std::filesystem::path set_aside;
    if (is_there(file)) set_aside = keep(file, now);
    move(made, file);
    for (auto const* suffix : {"-wal", "-journal"}) {
        auto const beside = file.string() + suffix;
        if (is_there(beside))
            move(beside, (set_aside.empty() ? beside + ".before-restore-" + now : set_aside.string() + suffix));
    }
    std::error_code ignored;
    std::filesystem::remove(file.string() + "-shm", ignored);
    sync_to_disk(file);
    return set_aside;
}

}  // namespace

std::optional<restored> restore(options const& rules, std::filesystem::path const& backup, progress const& tell)
{
    auto source_rules = rules;
    source_rules.path = backup;
    temporary_file const made{rules.path};
    {
        auto const source = open_to_read(source_rules, schema::older);
        if (source->integer("PRAGMA user_version") == 0) throw cannot_open(kind::bad_data, backup, "it is empty");
        if (!copy_whole(*source, made.path(), tell)) return std::nullopt;
    }
    restored done;
    std::string now;
    {
        database copy{made.path(), database::access::read_write};
        copy.leave_log_when_closing();  // that of the database before: it is kept with it
        no_log unread;
        migrate(copy, made.path(), migrations(), unread, backup_first::no);
        auto const before = copy.integer("SELECT count(*) FROM sessions");
        done.was_readable = is_there(rules.path) && is_readable(rules);
        if (done.was_readable) {
            carry_over(copy, rules.path);
        } else {
            end_all(copy);
        }
        done.accounts = static_cast<std::uint64_t>(copy.integer("SELECT count(*) FROM accounts"));
        done.sessions = static_cast<std::uint64_t>(copy.integer("SELECT count(*) FROM sessions"));
        done.sessions_ended = static_cast<std::uint64_t>(before) - done.sessions;
        now = copy.text("SELECT strftime('%Y%m%dT%H%M%SZ', 'now')");
    }
    if (user_of(rules.path)) {
        throw start_error{kind::io, "a program has opened " + rules.path.string() + " meanwhile: nothing was changed"};
    }
    give_to_owner(made.path(), rules.path);
    sync_to_disk(made.path());
    done.set_aside = put_in_place(made.path(), rules.path, now);
    return done;
}

}  // namespace porter::rooms::store::sqlite::administration
