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
#include "programs/porterctl/opening.hpp"
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

/// The migrations as they are applied.
class migration_log final : public detail::log::logger {
public:
    migration_log() : logger(detail::log::level::info) {}

    std::vector<record> const& steps() const noexcept { return steps_; }

private:
    void write(detail::log::level, std::string_view, std::span<detail::log::field const>,
               std::initializer_list<detail::log::field> fields) override
    {
        record step;
        for (auto const& one : fields) {
            bool const is_number = one.style_ == detail::log::field::style::number;
            step.fields.push_back({std::string{one.key}, is_number ? value{one.number} : value{std::string{one.text}}});
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

exit_code status(context& given)
{
    demand_database(given);
    auto const user = administration::user_of(given.file());
    auto const db = open_to_read(given, administration::schema::older);
    auto const now = administration::status_of(*db, given.file());
    std::vector<record> migrations;
    for (auto const& one : now.migrations) {
        migrations.push_back(
            {{{"version", std::int64_t{one.version}}, {"name", one.name}, {"applied_at", one.applied_at}}});
    }
    given.out.show({{{"file", given.file().string()},
                     {"size", size_in_bytes{now.file_bytes}},
                     {"log_size", size_in_bytes{now.log_bytes}},
                     {"opened_by", text_of(user)},
                     {"porterd_runs", user && user->program == "porterd"},
                     {"version", std::int64_t{now.version}},
                     {"newest_version", std::int64_t{now.newest}},
                     {"migrations", migrations},
                     {"accounts", count_of(now.accounts)},
                     {"disabled_accounts", count_of(now.disabled_accounts)},
                     {"sessions", count_of(now.sessions)},
                     {"addresses", count_of(now.addresses)}}});
    return exit_code::ok;
}

/// A porterd of before would meet a schema that it does not know.
void reject_beside_older_porterd(context const& given)
{
    auto const user = administration::user_of(given.file());
    if (!user || user->program != "porterd") return;
    auto const db = open_to_read(given, administration::schema::older);
    auto const now = administration::status_of(*db, given.file());
    if (now.version == now.newest) return;
    throw config::option_error{exit_code::temporary_failure,
                               fmt::format("an older {} has the database open: stop it first", text_of(user))};
}

exit_code migrate(context& given)
{
    demand_database(given);
    require_safe_folder(given);
    reject_beside_older_porterd(given);
    migration_log steps;
    administration::migrate_file(store_options(given), steps);
    auto const count = steps.steps().size();
    given.out.done(count == 0 ? "The database has the newest version." : counted(count, "migration") + " applied.",
                   {{{"migrations", steps.steps()}}});
    return exit_code::ok;
}

/// What only somebody who knows addresses can tell.
void find_wrong_addresses(database& db, std::vector<std::string>& faults)
{
    for (auto const& one : administration::list_addresses(db)) {
        auto const parsed = detail::identity::address::parse(one.address);
        if (parsed && parsed->text() == one.address) continue;
        faults.push_back("the address " + one.address + " is not in its canonical form, so it greets nobody");
    }
}

/// What SQL cannot tell: porterd lets nobody in by one that it does not read or compute.
void find_wrong_hashes(database& db, std::vector<std::string>& faults)
{
    administration::for_each_password_hash(db, [&](auto id, std::string const& name, std::string const& hash) {
        if (detail::auth::argon2id::is_readable(hash)) return;
        auto const who = fmt::format("account {} ({})", id, name);
        constexpr auto remedy = "so no password opens it: porterctl accounts set-password stores another";
        auto const cost = base::hash_cost_of(hash);
        if (cost && !base::is_computable(*cost)) {
            faults.push_back(fmt::format("{} has a hash whose cost is out of bounds ({} KiB, {}), {}", who,
                                         cost->memory_kib, counted(cost->passes, "pass"), remedy));
        } else {
            faults.push_back(fmt::format("{} has a hash that cannot be read, {}", who, remedy));
        }
    });
}

exit_code check(context& given)
{
    auto const db = open_to_read(given);
    auto faults = administration::find_damage(*db);
    if (faults.empty()) {
        faults = administration::find_faults(*db);
        find_wrong_addresses(*db, faults);
        find_wrong_hashes(*db, faults);
    }
    if (faults.empty()) {
        given.out.show({{{"state", "ok"}, {"faults", std::vector<std::string>{}}}});
        return exit_code::ok;
    }
    given.out.show({{{"state", "damaged"}, {"faults", faults}}});
    throw config::option_error{exit_code::bad_data, fmt::format("{} has {}", base::escape(given.file().string()),
                                                                counted(faults.size(), "fault"))};
}

std::sig_atomic_t volatile interrupted = 0;

extern "C" void note_interrupt(int number)
{
    interrupted = number;
}

exit_code backup(context& given)
{
    auto const db = open_to_read(given, administration::schema::older);
    for (int const number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, note_interrupt);
    std::uint64_t copied = 0;
    bool whole = false;
    {
        detail::terminal::progress_bar bar{STDERR_FILENO, "backup"};
        auto const tell = [&](std::uint64_t done, std::uint64_t total) {
            bar.show(done, total);
            copied = done;
            return interrupted == 0;
        };
        whole = administration::back_up(*db, given.arguments[0], tell);
    }
    if (!whole) {  // its half is removed: now the signal may do what it does
        std::signal(interrupted, SIG_DFL);
        std::raise(interrupted);
    }
    given.out.done(fmt::format("{} is a copy of the database ({}).", base::escape(given.arguments[0]),
                               detail::terminal::rounded_size(copied)),
                   {{{"file", given.arguments[0]}, {"size", size_in_bytes{copied}}}});
    return exit_code::ok;
}

/// Whoever has it open would go on with the file that goes.
void reject_while_open(context const& given)
{
    auto const user = administration::user_of(given.file());
    if (!user) return;
    auto const how = user->program == "porterd" ? " (systemctl stop porterd, or SIGTERM)" : "";
    throw config::option_error{exit_code::temporary_failure,
                               fmt::format("{} has the database open: stop it first{}", text_of(user), how)};
}

/// Checks the backup before the confirmation.
void reject_wrong_backup(context const& given)
{
    std::filesystem::path const backup = given.arguments[0];
    std::error_code unknown;
    if (std::filesystem::status(backup, unknown).type() == std::filesystem::file_type::not_found) {
        throw config::option_error{exit_code::not_found,
                                   fmt::format("there is no file {}", base::escape(backup.string()))};
    }
    if (std::filesystem::equivalent(backup, given.file(), unknown)) {
        throw config::option_error{
            exit_code::usage, fmt::format("{} and the database {} are the same file", base::escape(backup.string()),
                                          base::escape(given.file().string()))};
    }
    administration::reject_wrong_backup(backup);
}

bool confirm_restore(context const& given)
{
    if (given.yes) return true;
    if (!detail::terminal::can_ask(STDERR_FILENO)) {
        throw config::option_error{exit_code::usage, "there is no terminal to ask at: --yes restores without asking"};
    }
    auto const answer = detail::terminal::ask_yes_no(
        STDERR_FILENO, fmt::format("Put {} in the place of {}, which is kept? (yes/no) ",
                                   base::escape(given.arguments[0]), base::escape(given.file().string())));
    return answer.value_or(false);
}

exit_code restore(context& given)
{
    require_safe_folder(given);
    reject_wrong_backup(given);
    reject_while_open(given);
    if (!confirm_restore(given)) return exit_code::ok;
    for (int const number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, note_interrupt);
    std::optional<administration::restored> done;
    {
        detail::terminal::progress_bar bar{STDERR_FILENO, "restore"};
        auto const tell = [&](std::uint64_t copied, std::uint64_t total) {
            bar.show(copied, total);
            return interrupted == 0;
        };
        done = administration::restore(store_options(given), given.arguments[0], tell);
    }
    if (!done) {
        std::signal(interrupted, SIG_DFL);
        std::raise(interrupted);
        return exit_code::ok;
    }
    auto said = fmt::format("{} is restored: {}, {}", base::escape(given.file().string()),
                            counted(done->accounts, "account"), counted(done->sessions, "session"));
    if (done->sessions_ended > 0) {
        said += fmt::format(
            "; {} ended ({})", counted(done->sessions_ended, "session"),
            done->was_readable ? "they had ended since the backup" : "the database before cannot say which had ended");
    }
    said += '.';
    if (!done->set_aside.empty()) said += fmt::format(" What was there is {}.", base::escape(done->set_aside.string()));
    given.out.done(said, {{{"file", given.file().string()},
                           {"accounts", count_of(done->accounts)},
                           {"sessions", count_of(done->sessions)},
                           {"sessions_ended", count_of(done->sessions_ended)},
                           {"set_aside", done->set_aside.string()}}});
    return exit_code::ok;
}

constexpr command table[] = {
    {"db", "status", "", 0, 0, "", "the file, its version, who has it open, how much is in it", "",
     "  porterctl db status\n"
     "  porterctl db status --json --database porter-backup.db\n",
     status},
    {"db", "migrate", "", 0, 0, "", "bring the database to the version of this program",
     "All or nothing, after a copy beside the file. porterd does the same when it starts.\n",
     "  porterctl db migrate\n", migrate},
    {"db", "check", "", 0, 0, "", "is every page, row, name and trigger as it should be?",
     "Exit code 65 when something is wrong.\n",
     "  porterctl db check\n"
     "  porterctl db check --database porter-backup.db\n",
     check},
    {"db", "backup", "FILE", 1, 1, "", "copy the database into a new file, also while porterd runs",
     "FILE gets mode 0600 and is never replaced: a password's hash is in it.\n",
     "  porterctl db backup porter-backup.db\n"
     "  porterctl db backup \"/var/backups/porter-$(date +%F).db\"\n",
     backup},
    {"db", "restore", "FILE", 1, 1, "yes", "put a backup in the place of the database",
     "porterd is stopped. Sessions that have ended since the backup stay ended, and what was\n"
     "there is kept beside it. Asks on a terminal; needs --yes without one.\n",
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
