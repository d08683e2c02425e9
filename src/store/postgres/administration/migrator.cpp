#include "store/postgres/administration/migrator.hpp"

#include <chrono>
#include <optional>

#include "porter/start_error.hpp"
#include "store/postgres/administration/migration.hpp"
#include "store/postgres/administration/owner.hpp"

namespace porter::detail::store::postgres::administration {

namespace {

/// An advisory lock, of the migrations alone.
constexpr char const* lock_migrations = "SELECT pg_advisory_xact_lock(76780, 0)";

constexpr char const* list = "SELECT version, name, applied_at FROM schema_migrations ORDER BY version";

/// A step is a script of many statements, which no prepared statement can have: the server runs it from a setting.
constexpr char const* keep_script =
    "SELECT set_config('porter.step', $1, true), set_config('lock_timeout', '2s', true),"
    " set_config('statement_timeout', '0', true)";
constexpr char const* run_script = "DO $$ BEGIN EXECUTE current_setting('porter.step'); END $$";

constexpr std::chrono::minutes script_patience{30};

std::vector<applied_migration> read_migrations(result_set const& rows)
{
    std::vector<applied_migration> all;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        all.push_back({static_cast<int>(rows[i].integer(0)), rows[i].text(1), rows[i].time(2)});
    }
    return all;
}

/// The row of the newest step, within a transaction of the owner. None: there is none.
std::optional<applied_migration> newest(blocking_connection& db, transaction& within)
{
    segment rows{segment::effect::reads};
    rows.add(list);
    auto const found = within.run(std::move(rows));
    auto all = read_results(db, [&] { return read_migrations(found.at(0)); });
    if (all.empty()) return std::nullopt;
    return std::move(all.back());
}

/// None: another program has applied it.
std::optional<applied_migration> apply(blocking_connection& db, migration const& step)
{
    transaction whole{db};
    auto begin = become_owner();
    begin.add(lock_migrations);
    whole.run(std::move(begin));
    if (read_versions(db, whole).version >= step.version) return std::nullopt;

    segment work{segment::effect::writes};
    work.add(keep_script, step.sql).add(run_script);
    auto const answer = whole.attempt(std::move(work), script_patience);
    auto const name = "the migration " + std::to_string(step.version) + " (" + std::string{step.name} + ")";
    if (answer.error.code == "55P03") {
        throw administration_error{administration_errc::unavailable,
                                   name + " waited for a lock of another program: try again"};
    }
    if (answer.outcome != outcome::done) {
        if (!is_about_content(answer.error)) whole.fail(answer);
        throw start_error{start_errc::bad_data, name + " failed, and changed nothing: " + answer.error.message};
    }
    auto after = newest(db, whole);
    if (!after || after->version != step.version) {
        throw start_error{start_errc::bad_data, name + " did not add its row to schema_migrations"};
    }
    whole.commit();
    return after;
}

}  // namespace

std::vector<applied_migration> list_migrations(blocking_connection& db)
{
    segment work{segment::effect::reads};
    work.add(list);
    auto const found = db.look_up(std::move(work));
    return read_results(db, [&] { return read_migrations(found.at(0)); });
}

std::vector<applied_migration> migrate(blocking_connection& db)
{
    reject_other_role(db);
    std::vector<applied_migration> done;
    for (auto const& step : migrations()) {
        if (auto one = apply(db, step)) done.push_back(std::move(*one));
    }
    return done;
}

}  // namespace porter::detail::store::postgres::administration
