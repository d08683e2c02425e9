#include "store/sqlite/migrator.hpp"

#include <string>

#include "porter/start_error.hpp"
#include "store/sqlite/existing_file.hpp"
#include "store/sqlite/file.hpp"
#include "store/sqlite/statement.hpp"
#include "store/sqlite/transaction.hpp"

namespace porter::detail::store::sqlite {

namespace {

/// A private file with a new name that begins with `stem`.
std::filesystem::path make_backup_file(std::string const& stem)
{
    auto name = stem;
    for (int tries = 2; !make_private_file(name); ++tries) name = stem + "-" + std::to_string(tries);
    return name;
}

/// Copies the database. The caller holds the write lock, so that nothing changes during the copy.
void back_up(std::filesystem::path const& file, int version)
{
    database source{file, database::access::read_only};
    auto const now = source.text("SELECT strftime('%Y%m%dT%H%M%SZ', 'now')");
    auto const copy = make_backup_file(file.string() + ".before-v" + std::to_string(version) + "-" + now);
    statement{source, "VACUUM INTO ?1", copy.string()}.run();
    sync_to_disk(copy);
}

void apply(database& db, migration const& step)
{
    db.execute(std::string{step.sql});
    if (!db.text("PRAGMA foreign_key_check").empty()) {
        throw start_error{start_errc::bad_data, "migration " + std::to_string(step.version) + " leaves loose ends"};
    }
    statement{db, "INSERT INTO schema_migrations (version, name, applied_at) VALUES (?1, ?2, unixepoch())",
              step.version, step.name}
        .run();
    db.execute("PRAGMA user_version = " + std::to_string(step.version));
}

/// False: another program has applied it.
bool migrate_by(database& db, std::filesystem::path const& file, migration const& step, bool& backed_up, int newest)
{
    transaction tx{db};
    reject_replaced(db);  // a restore may have replaced it while this waited for the lock
    auto const version = db.integer("PRAGMA user_version");
    if (version >= step.version) return false;
    if (version == 0) backed_up = true;  // nothing to copy
    if (!backed_up) {
        back_up(file, newest);
        backed_up = true;
    }
    apply(db, step);
    tx.commit();
    return true;
}

start_error cannot_migrate(std::filesystem::path const& file, migration const& step, error const& problem)
{
    auto const code = problem.is_bad_data() || problem.is_rejection() ? start_errc::bad_data : start_errc::io;
    return start_error{code, "cannot migrate " + file.string() + " to version " + std::to_string(step.version) + " (" +
                                 std::string{step.name} + "): " + problem.what()};
}

}  // namespace

void migrate(database& db, std::filesystem::path const& file, std::span<migration const> steps, log::logger& log,
             backup_first copies)
{
    auto const version = db.integer("PRAGMA user_version");
    bool backed_up = copies == backup_first::no;
    for (auto const& step : steps) {
        if (step.version <= version) continue;
        try {
            if (migrate_by(db, file, step, backed_up, steps.back().version)) {
                log.info("store_migrated", {{"version", step.version}, {"name", step.name}});
            }
        } catch (error const& problem) {
            throw cannot_migrate(file, step, problem);
        }
    }
}

}  // namespace porter::detail::store::sqlite
