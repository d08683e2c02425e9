#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "auth/argon2id.hpp"
#include "base/hash_cost.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/open_database.hpp"
#include "store/sqlite/administration/addresses.hpp"
#include "store/sqlite/administration/backup.hpp"
#include "store/sqlite/administration/check.hpp"
#include "store/sqlite/administration/restore.hpp"
#include "store/sqlite/administration/status.hpp"
#include "terminal/progress_bar.hpp"
#include "terminal/prompts.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using administration::file_user;
using config::exit_code;

/// Records the migrations from the log lines of the migrator.
class migration_log final : public logger {
public:
    migration_log() : logger(log_level::info) {}

    std::vector<record> const& steps() const noexcept { return steps_; }

private:
    void write(log_record const& migrated) noexcept override
    {
        record step;
        for (auto const& field : migrated.fields) {
            bool const is_number = field.kind == log_field::kind_type::number;
            step.fields.push_back(
                {std::string{field.key}, is_number ? value{field.number} : value{std::string{field.text}}});
        }
        steps_.push_back(std::move(step));
    }

    std::vector<record> steps_;
};

std::string text_of(std::optional<file_user> const& user)
{
    if (!user) return "nobody";
    if (user->process == 0) return "a process of another container";
    return fmt::format("{} (process {})", user->program.empty() ? "a program" : user->program, user->process);
}

exit_code status(context& ctx)
{
    require_database(ctx);
    auto const user = administration::user_of(ctx.file());
    auto const db = open_to_read(ctx, administration::schema::older);
    auto const status = administration::status_of(*db, ctx.file());
    std::vector<record> migrations;
    for (auto const& one : status.migrations) {
        migrations.push_back(
            {{{"version", std::int64_t{one.version}}, {"name", one.name}, {"applied_at", one.applied_at}}});
    }
    ctx.out.show({{{"file", ctx.file().string()},
                   {"size", size_in_bytes{status.file_bytes}},
                   {"log_size", size_in_bytes{status.log_bytes}},
                   {"opened_by", text_of(user)},
                   {"porterd_runs", user && user->program == "porterd"},
                   {"version", std::int64_t{status.version}},
                   {"newest_version", std::int64_t{status.newest}},
                   {"migrations", migrations},
                   {"accounts", count_of(status.accounts)},
                   {"disabled_accounts", count_of(status.disabled_accounts)},
                   {"sessions", count_of(status.sessions)},
                   {"addresses", count_of(status.addresses)}}});
    return exit_code::ok;
}

/// An older porterd would not know the migrated schema.
void reject_beside_older_porterd(context const& ctx)
{
    auto const user = administration::user_of(ctx.file());
    if (!user || user->program != "porterd") return;
    auto const db = open_to_read(ctx, administration::schema::older);
    auto const status = administration::status_of(*db, ctx.file());
    if (status.version == status.newest) return;
    throw config::option_error{exit_code::temporary_failure,
                               fmt::format("an older {} has the database open: stop it first", text_of(user))};
}

exit_code migrate(context& ctx)
{
    require_database(ctx);
    require_safe_folder(ctx);
    reject_beside_older_porterd(ctx);
    migration_log log;
    administration::migrate_file(store_options(ctx), log);
    auto const count = log.steps().size();
    ctx.out.done(count == 0 ? "The database has the newest version." : quantity(count, "migration") + " applied.",
                 {{{"migrations", log.steps()}}});
    return exit_code::ok;
}

/// Finds addresses that are not canonical, which SQL cannot.
void find_wrong_addresses(database& db, std::vector<std::string>& faults)
{
    for (auto const& row : administration::list_addresses(db)) {
        auto const parsed = detail::identity::address::parse(row.address);
        if (parsed && parsed->text() == row.address) continue;
        faults.push_back("the address " + row.address + " is not in its canonical form, so it greets nobody");
    }
}

/// Finds hashes that porterd cannot read or does not compute, which SQL cannot.
void find_wrong_hashes(database& db, std::vector<std::string>& faults)
{
    administration::for_each_password_hash(db, [&](auto id, std::string const& name, std::string const& hash) {
        if (detail::auth::argon2id::is_readable(hash)) return;
        auto const account = fmt::format("account {} ({})", id, name);
        constexpr auto remedy = "so no password opens it: porterctl accounts set-password stores another";
        auto const cost = base::hash_cost_of(hash);
        if (cost && !base::is_computable(*cost)) {
            faults.push_back(fmt::format("{} has a hash whose cost is out of bounds ({} KiB, {}), {}", account,
                                         cost->memory_kib, quantity(cost->passes, "pass"), remedy));
        } else {
            faults.push_back(fmt::format("{} has a hash that cannot be read, {}", account, remedy));
        }
    });
}

exit_code check(context& ctx)
{
    auto const db = open_to_read(ctx);
    auto faults = administration::find_damage(*db);
    if (faults.empty()) {
        faults = administration::find_faults(*db);
        find_wrong_addresses(*db, faults);
        find_wrong_hashes(*db, faults);
    }
    if (faults.empty()) {
        ctx.out.show({{{"state", "ok"}, {"faults", std::vector<std::string>{}}}});
        return exit_code::ok;
    }
    ctx.out.show({{{"state", "damaged"}, {"faults", faults}}});
    throw config::option_error{exit_code::bad_data, fmt::format("{} has {}", base::escape(ctx.file().string()),
                                                                quantity(faults.size(), "fault"))};
}

std::sig_atomic_t volatile interrupted = 0;

extern "C" void note_interrupt(int number)
{
    interrupted = number;
}

exit_code backup(context& ctx)
{
    auto const db = open_to_read(ctx, administration::schema::older);
    for (int const number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, note_interrupt);
    std::uint64_t copied = 0;
    bool complete = false;
    {
        detail::terminal::progress_bar bar{STDERR_FILENO, "backup"};
        auto const on_progress = [&](std::uint64_t done, std::uint64_t total) {
            bar.show(done, total);
            copied = done;
            return interrupted == 0;
        };
        complete = administration::back_up(*db, ctx.arguments[0], on_progress);
    }
    if (!complete) {  // the partial file is removed: now the signal may end the process
        std::signal(interrupted, SIG_DFL);
        std::raise(interrupted);
    }
    ctx.out.done(fmt::format("{} is a copy of the database ({}).", base::escape(ctx.arguments[0]),
                             detail::terminal::rounded_size(copied)),
                 {{{"file", ctx.arguments[0]}, {"size", size_in_bytes{copied}}}});
    return exit_code::ok;
}

/// A program that has the database open would continue with the replaced file.
void reject_while_open(context const& ctx)
{
    auto const user = administration::user_of(ctx.file());
    if (!user) return;
    auto const hint = user->program == "porterd" ? " (systemctl stop porterd, or SIGTERM)" : "";
    throw config::option_error{exit_code::temporary_failure,
                               fmt::format("{} has the database open: stop it first{}", text_of(user), hint)};
}

/// Checks the backup before the confirmation.
void reject_wrong_backup(context const& ctx)
{
    std::filesystem::path const backup = ctx.arguments[0];
    std::error_code unknown;
    if (std::filesystem::status(backup, unknown).type() == std::filesystem::file_type::not_found) {
        throw config::option_error{exit_code::not_found,
                                   fmt::format("there is no file {}", base::escape(backup.string()))};
    }
    if (std::filesystem::equivalent(backup, ctx.file(), unknown)) {
        throw config::option_error{
            exit_code::usage, fmt::format("{} and the database {} are the same file", base::escape(backup.string()),
                                          base::escape(ctx.file().string()))};
    }
    administration::reject_wrong_backup(backup);
}

bool confirm_restore(context const& ctx)
{
    if (ctx.yes) return true;
    if (!detail::terminal::can_ask(STDERR_FILENO)) {
        throw config::option_error{exit_code::usage, "no terminal for the confirmation: --yes restores without it"};
    }
    auto const answer = detail::terminal::ask_yes_no(
        STDERR_FILENO, fmt::format("Replace {1} with {0}? The old database is kept. (yes/no) ",
                                   base::escape(ctx.arguments[0]), base::escape(ctx.file().string())));
    return answer.value_or(false);
}

exit_code restore(context& ctx)
{
    require_safe_folder(ctx);
    reject_wrong_backup(ctx);
    reject_while_open(ctx);
    if (!confirm_restore(ctx)) return exit_code::ok;
    for (int const number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, note_interrupt);
    std::optional<administration::restored> result;
    {
        detail::terminal::progress_bar bar{STDERR_FILENO, "restore"};
        auto const on_progress = [&](std::uint64_t copied, std::uint64_t total) {
            bar.show(copied, total);
            return interrupted == 0;
        };
        result = administration::restore(store_options(ctx), ctx.arguments[0], on_progress);
    }
    if (!result) {
        std::signal(interrupted, SIG_DFL);
        std::raise(interrupted);
        return exit_code::ok;
    }
    auto sentence = fmt::format("{} is restored: {}, {}", base::escape(ctx.file().string()),
                                quantity(result->accounts, "account"), quantity(result->sessions, "session"));
    if (result->sessions_ended > 0) {
        sentence += fmt::format(
            "; {} ended ({})", quantity(result->sessions_ended, "session"),
            result->was_readable ? "they had ended since the backup" : "the old database cannot tell which had ended");
    }
    sentence += '.';
    if (!result->set_aside.empty())
        sentence += fmt::format(" The old database is {}.", base::escape(result->set_aside.string()));
    ctx.out.done(sentence, {{{"file", ctx.file().string()},
                             {"accounts", count_of(result->accounts)},
                             {"sessions", count_of(result->sessions)},
                             {"sessions_ended", count_of(result->sessions_ended)},
                             {"set_aside", result->set_aside.string()}}});
    return exit_code::ok;
}

constexpr command table[] = {
    {"db", "status", "", 0, 0, "", "the file, its version and size, and the process that uses it", "",
     "  porterctl db status\n"
     "  porterctl db status --json --database porter-backup.db\n",
     status},
    {"db", "migrate", "", 0, 0, "", "migrate the database to the version of this program",
     "All or nothing, after a copy beside the file. porterd does the same at start.\n", "  porterctl db migrate\n",
     migrate},
    {"db", "check", "", 0, 0, "", "check every page, row, name and trigger", "Exit code 65 if there is a fault.\n",
     "  porterctl db check\n"
     "  porterctl db check --database porter-backup.db\n",
     check},
    {"db", "backup", "FILE", 1, 1, "", "copy the database into a new file, also while porterd runs",
     "FILE gets mode 0600, because it contains password hashes. An existing file is never replaced.\n",
     "  porterctl db backup porter-backup.db\n"
     "  porterctl db backup \"/var/backups/porter-$(date +%F).db\"\n",
     backup},
    {"db", "restore", "FILE", 1, 1, "yes", "replace the database with a backup",
     "porterd must be stopped. Sessions that have ended since the backup stay ended. The old database is kept\n"
     "beside the new one. Asks for confirmation on a terminal; requires --yes without one.\n",
     "  porterctl db restore porter-backup.db\n"
     "  porterctl db restore --yes /var/backups/porter-2026-11-28.db\n",
     restore},
};

}  // namespace

std::span<command const> db_commands()
{
    return table;
}

}  // namespace porter::programs
