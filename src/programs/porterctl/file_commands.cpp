#include "programs/porterctl/file_commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include "base/text.hpp"
#include "config/option_error.hpp"
#include "config/values.hpp"
#include "programs/porterctl/database_file.hpp"
#include "programs/porterctl/database_server.hpp"
#include "programs/porterctl/open_database.hpp"
#include "store/sqlite/administration/content.hpp"
#include "store/sqlite/administration/restore.hpp"
#include "terminal/progress_bar.hpp"
#include "terminal/prompts.hpp"

namespace porter::programs {

namespace {

namespace administration = detail::store::sqlite::administration;
namespace base = detail::base;
namespace config = detail::config;
using config::exit_code;

std::sig_atomic_t volatile interrupted = 0;

extern "C" void note_interrupt(int number)
{
    interrupted = number;
}

/// A program that has the database open would continue with the replaced file.
void reject_while_open(context const& ctx)
{
    auto const user = file_user_of(ctx);
    if (!user) return;
    auto const hint = user->program == "porterd" ? " (systemctl stop porterd, or SIGTERM)" : "";
    throw config::option_error{exit_code::temporary_failure,
                               fmt::format("{} has the database open: stop it first{}", text_of(user), hint)};
}

/// PostgreSQL has its own programs for these commands.
void reject_server(context const& ctx, std::string_view instead)
{
    if (!is_database_url(ctx.database())) return;
    throw config::option_error{
        exit_code::usage,
        fmt::format("porterctl backs up and restores a file, and not a PostgreSQL database: {}", instead)};
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

/// `verb`: what --yes does without the question.
bool confirm(context const& ctx, std::string_view verb, std::string const& prompt)
{
    if (ctx.yes) return true;
    if (!detail::terminal::can_ask(STDERR_FILENO)) {
        throw config::option_error{exit_code::usage,
                                   fmt::format("no terminal for the confirmation: --yes {} without it", verb)};
    }
    return detail::terminal::ask_yes_no(STDERR_FILENO, prompt).value_or(false);
}

bool confirm_restore(context const& ctx)
{
    return confirm(ctx, "restores",
                   fmt::format("Replace {1} with {0}? The old database is kept. (yes/no) ",
                               base::escape(ctx.arguments[0]), base::escape(ctx.file().string())));
}

std::string counts_text(store::content_counts const& counts)
{
    return fmt::format("{}, {} and {}", quantity(counts.accounts, "account"), quantity(counts.sessions, "session"),
                       quantity(counts.addresses, "address"));
}

/// --to, which must be a URL, as --database must be none.
void reject_wrong_move(context const& ctx)
{
    if (is_database_url(ctx.database())) {
        throw config::option_error{exit_code::usage, "db move copies a file: --database must be one"};
    }
    if (ctx.to.empty()) throw config::option_error{exit_code::usage, "--to URL is missing (--help)"};
    auto const url = config::parse_database_url(ctx.to);
    if (!url) throw config::option_error{exit_code::usage, "--to: " + url.error()};
}

}  // namespace

exit_code back_up_file(context& ctx)
{
    reject_server(ctx, "pg_dump --format=custom --schema=porter copies its content, pg_basebackup the whole cluster");
    auto const db = open_file_to_read(ctx, detail::store::accepted_schema::older);
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
        complete = db->back_up(ctx.arguments[0], on_progress);
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

exit_code restore_file(context& ctx)
{
    reject_server(ctx, "pg_restore does it, with a copy by pg_dump, while porterd is stopped");
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
        result = administration::restore(file_options(ctx), ctx.arguments[0], on_progress);
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

exit_code move_file(context& ctx)
{
    reject_wrong_move(ctx);
    auto const to = prepare_import(ctx.to);
    require_file(ctx);
    require_safe_folder(ctx);
    reject_while_open(ctx);
    administration::file_content content{file_options(ctx)};
    auto const prompt = fmt::format("Copy {} from {} to {}? (yes/no) ", counts_text(content.counts()),
                                    base::escape(ctx.file().string()), base::escape(to->display_name()));
    if (!confirm(ctx, "moves", prompt)) return exit_code::ok;
    auto const moved = to->import(content);
    ctx.out.done(fmt::format("{} are in {} now; {} is unchanged.", counts_text(moved), base::escape(to->display_name()),
                             base::escape(ctx.file().string())),
                 {{{"file", ctx.file().string()},
                   {"database", to->display_name()},
                   {"accounts", count_of(moved.accounts)},
                   {"sessions", count_of(moved.sessions)},
                   {"addresses", count_of(moved.addresses)}}});
    ctx.out.note(
        "start each porterd with --database URL and the same --tls-key and --tls-certificate, at first those "
        "of the data directory, which clients know; start none on the file again");
    if (moved.second_factors == 0) return exit_code::ok;
    ctx.out.note("copy second-factor-key from the data directory into that of each porterd: it opens the secrets of " +
                 quantity(moved.second_factors, "second factor"));
    return exit_code::ok;
}

}  // namespace porter::programs
