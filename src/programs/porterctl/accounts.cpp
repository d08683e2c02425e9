#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "auth/throttle_rules.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "programs/porterctl/account_reset.hpp"
#include "programs/porterctl/account_transfer.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/new_password.hpp"
#include "programs/porterctl/open_database.hpp"
#include "terminal/prompts.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using config::exit_code;
using store::account_row;
using store::blocked_network;

constexpr auto locked_after = detail::auth::throttle_rules.locked_after;

std::string state_of(account_row const& account)
{
    if (account.disabled_at) return "disabled";
    return account.failed_from_unknown >= locked_after ? "locked" : "enabled";
}

/// The networks from which no password is accepted any more.
std::vector<std::string> locked_for(store::administration& db, account_row const& account)
{
    std::vector<std::string> networks;
    for (auto const& row : db.list_counters(account.id)) {
        if (row.counter.failures >= locked_after) networks.push_back(row.network.empty() ? "strangers" : row.network);
    }
    return networks;
}

value last_address_of(account_row const& account)
{
    return account.last_address.empty() ? value{} : value{account.last_address};
}

/// An account as a row of the list.
record row_of(account_row const& account)
{
    return {{{"name", account.name},
             {"state", state_of(account)},
             {"created_at", account.created_at},
             {"last_login_at", maybe(account.last_login_at)},
             {"last_address", last_address_of(account)},
             {"failed_tries", count_of(account.failed_since)},
             {"sessions", count_of(account.sessions)},
             {"second_factor", account.has_second_factor}}};
}

/// An account with all its members.
record record_of(store::administration& db, account_row const& account)
{
    return {{{"id", account.id},
             {"name", account.name},
             {"folded_name", account.folded_name},
             {"state", state_of(account)},
             {"created_at", account.created_at},
             {"disabled_at", maybe(account.disabled_at)},
             {"last_login_at", maybe(account.last_login_at)},
             {"last_address", last_address_of(account)},
             {"failed_tries", count_of(account.failed_since)},
             {"last_failed_at", maybe(account.last_failed_at)},
             {"locked_for", locked_for(db, account)},
             {"sessions", count_of(account.sessions)},
             {"addresses", count_of(account.addresses)},
             {"second_factor", account.has_second_factor},
             {"recovery_codes", count_of(account.recovery_codes)}}};
}

std::string note_of(blocked_network const& blocked)
{
    auto const until = fmt::gmtime(std::chrono::system_clock::to_time_t(blocked.until));
    auto const address = blocked.network.substr(0, blocked.network.find('/'));  // as porterctl accepts it
    return fmt::format("{} is still throttled until {:%H:%M:%S} UTC; porterctl addresses enable {} lifts that",
                       blocked.network, until, address);
}

/// Notes the throttled networks after `accounts enable`: those that the account knows, which come first in the list; if
/// there are none, the others.
void note_blocked_networks(context& ctx, std::vector<blocked_network> const& blocked)
{
    constexpr std::size_t max_notes = 3;  // guessing from a botnet throttles thousands of addresses
    auto const unknown = std::ranges::find(blocked, false, &blocked_network::is_known);
    auto const known_count = static_cast<std::size_t>(unknown - blocked.begin());
    auto const shown = std::min(known_count == 0 ? blocked.size() : known_count, max_notes);
    for (std::size_t i = 0; i < shown; ++i) ctx.out.note(note_of(blocked[i]));
    if (shown == blocked.size()) return;
    ctx.out.note(fmt::format("{} throttled: see porterctl addresses throttled",
                             quantity(blocked.size() - shown, "more address")));
}

value value_of(std::vector<blocked_network> const& blocked)
{
    std::vector<record> rows;
    for (auto const& one : blocked) {
        rows.push_back({{{"network", one.network}, {"until_at", one.until}, {"is_known", one.is_known}}});
    }
    return rows;
}

/// Shows the account after a change, and the number of sessions that the change ended.
void report(context& ctx, store::administration& db, std::string const& sentence, std::string const& name,
            std::optional<std::size_t> sessions_ended = std::nullopt)
{
    auto shown = record_of(db, account_of(db, name));
    if (sessions_ended) shown.fields.push_back({"sessions_ended", count_of(*sessions_ended)});
    ctx.out.done(sentence, shown);
}

/// A valid name for an account. Throws config::option_error.
std::string new_name(std::string const& typed)
{
    auto name = base::normalise_new_name(typed);
    if (!name)
        throw config::option_error{exit_code::usage, fmt::format("\"{}\": {}", base::escape(typed), name.error())};
    return *name;
}

config::option_error name_taken(std::string const& name)
{
    return {exit_code::bad_data, fmt::format("the account \"{}\" already exists", base::escape(name))};
}

exit_code list(context& ctx)
{
    auto const db = open_to_read(ctx);
    std::vector<record> rows;
    for (auto const& account : db->list_accounts())
        rows.push_back(ctx.out.is_json() ? record_of(*db, account) : row_of(account));
    ctx.out.list(rows, "There are no accounts.",
                 std::array<std::string_view, 3>{"second_factor", "created_at", "sessions"});
    return exit_code::ok;
}

exit_code show(context& ctx)
{
    auto const db = open_to_read(ctx);
    ctx.out.show(record_of(*db, account_of(*db, ctx.arguments[0])));
    return exit_code::ok;
}

exit_code add(context& ctx)
{
    auto const name = new_name(ctx.arguments[0]);
    auto const key = base::fold_name(name);
    auto const db = open_to_write(ctx);
    if (auto const other = db->find_account(key)) throw name_taken(other->name);  // before the question
    auto const hash = hash_of_new_password(ctx, name);
    if (!hash) return exit_code::ok;
    if (!db->add_account(name, key, *hash, now())) throw name_taken(name);
    report(ctx, *db, fmt::format("Account {} is created.", base::escape(name)), name);
    return exit_code::ok;
}

exit_code set_password(context& ctx)
{
    auto const db = open_to_write(ctx);
    auto const owner = account_of(*db, ctx.arguments[0]);
    auto const hash = hash_of_new_password(ctx, owner.name);
    if (!hash) return exit_code::ok;
    auto const ended = db->set_password(owner.id, *hash);
    if (!ended) reject_removed(owner.name);
    report(ctx, *db,
           fmt::format("{} has a new password; {} ended.", base::escape(owner.name), quantity(*ended, "session")),
           owner.name, *ended);
    return exit_code::ok;
}

exit_code rename(context& ctx)
{
    auto const name = new_name(ctx.arguments[1]);
    auto const db = open_to_write(ctx);
    auto const owner = account_of(*db, ctx.arguments[0]);
    auto const renamed = db->rename_account(owner.id, name, base::fold_name(name));
    if (!renamed && renamed.error() == store::errc::name_taken) throw name_taken(name);
    if (!renamed) reject_removed(owner.name);
    report(ctx, *db, fmt::format("{} is now {}.", base::escape(owner.name), base::escape(name)), name);
    return exit_code::ok;
}

exit_code disable(context& ctx)
{
    auto const db = open_to_write(ctx);
    auto const owner = account_of(*db, ctx.arguments[0]);
    auto const ended = db->disable_account(owner.id, now());
    if (!ended) reject_removed(owner.name);
    report(ctx, *db, fmt::format("{} is disabled; {} ended.", base::escape(owner.name), quantity(*ended, "session")),
           owner.name, *ended);
    return exit_code::ok;
}

exit_code enable(context& ctx)
{
    auto const db = open_to_write(ctx);
    auto const owner = account_of(*db, ctx.arguments[0]);
    if (!db->enable_account(owner.id)) reject_removed(owner.name);
    auto const blocked =
        db->list_blocked_networks(owner.id, detail::auth::throttle_rules, base::system_clock{}.now_precise());
    auto shown = record_of(*db, account_of(*db, owner.name));
    shown.fields.push_back({"throttled_networks", value_of(blocked)});
    ctx.out.done(fmt::format("{} is enabled; its failed attempts are reset.", base::escape(owner.name)), shown);
    note_blocked_networks(ctx, blocked);
    return exit_code::ok;
}

exit_code second_factor(context& ctx)
{
    if (!ctx.remove) {
        throw config::option_error{exit_code::usage,
                                   "--remove is missing: porterctl only removes a second factor; its user sets one up "
                                   "in porter, by /2fa"};
    }
    auto const db = open_to_write(ctx);
    auto const owner = account_of(*db, ctx.arguments[0]);
    if (!db->remove_second_factor(owner.id)) {
        throw config::option_error{exit_code::not_found,
                                   fmt::format("{} has no second factor", base::escape(owner.name))};
    }
    report(ctx, *db, fmt::format("{} has no second factor any more: the password is enough.", base::escape(owner.name)),
           owner.name);
    return exit_code::ok;
}

/// False: the answer is no, or the question was cancelled. Throws config::option_error without a terminal.
bool confirm_delete(context const& ctx, account_row const& owner)
{
    if (ctx.yes) return true;
    if (!detail::terminal::can_ask(STDERR_FILENO)) {
        throw config::option_error{exit_code::usage, "no terminal for the confirmation: --yes deletes without it"};
    }
    auto const answer = detail::terminal::ask_yes_no(
        STDERR_FILENO, fmt::format("Delete {} with {} and {}? (yes/no) ", base::escape(owner.name),
                                   quantity(owner.sessions, "session"), quantity(owner.addresses, "address")));
    return answer.value_or(false);
}

exit_code remove(context& ctx)
{
    auto const db = open_to_write(ctx);
    auto const owner = account_of(*db, ctx.arguments[0]);
    if (!confirm_delete(ctx, owner)) return exit_code::ok;
    auto const deleted = record_of(*db, owner);
    if (!db->delete_account(owner.id)) reject_removed(owner.name);
    ctx.out.done(fmt::format("{} is deleted.", base::escape(owner.name)), deleted);
    return exit_code::ok;
}

constexpr std::string_view password_options = "password-file min-password-length password-list hash-memory hash-ops";

constexpr command table[] = {
    {"accounts", "list", "", 0, 0, "", "all accounts, by name",
     "Columns: name, state, created, last login, its address, failed tries since, sessions, second factor.\n",
     "  porterctl accounts list\n"
     "  porterctl accounts list | cut -f1,2\n",
     list},
    {"accounts", "show", "NAME", 1, 1, "", "show one account", "",
     "  porterctl accounts show Alice\n"
     "  porterctl accounts show Alice --json\n",
     show},
    {"accounts", "add", "NAME", 1, 1, password_options, "create an account",
     "Asks for the password twice on a terminal; else reads it from the file or standard input. It must meet\n"
     "the same rules as one that a client chooses.\n",
     "  porterctl accounts add Alice\n"
     "  porterctl accounts add Alice --password-file pw\n",
     add},
    {"accounts", "set-password", "NAME", 1, 1, password_options, "set an account's password",
     "Ends every session of the account, and unlocks it after failed attempts.\n",
     "  porterctl accounts set-password Alice\n"
     "  pwgen -s 20 1 | tee /dev/tty | porterctl accounts set-password Alice\n",
     set_password},
    {"accounts", "rename", "OLD NEW", 2, 2, "", "change an account's name or its spelling",
     "The password, sessions and addresses of the account are unchanged.\n",
     "  porterctl accounts rename Alice Alicia\n"
     "  porterctl accounts rename алиса Алиса\n",
     rename},
    {"accounts", "disable", "NAME", 1, 1, "", "disable an account and end its sessions", "",
     "  porterctl accounts disable Alice\n", disable},
    {"accounts", "enable", "NAME", 1, 1, "", "enable an account; also unlocks it",
     "Resets the account's failed attempts, which unlocks it. An address with too many failures remains\n"
     "throttled for a while: a note says so, and addresses enable lifts that.\n",
     "  porterctl accounts enable Alice\n", enable},
    {"accounts", "second-factor", "NAME", 1, 1, "remove", "remove an account's second factor",
     "For a user whose phone and recovery codes are lost: make sure that it is the user who asks. From then on\n"
     "the password is enough; the user can set up another second factor. Sessions go on.\n",
     "  porterctl accounts second-factor Alice --remove\n", second_factor},
    {"accounts", "delete", "NAME", 1, 1, "yes", "delete an account with its sessions and addresses",
     "Asks for confirmation on a terminal; requires --yes without one.\n",
     "  porterctl accounts delete Alice\n"
     "  porterctl accounts delete Alice --yes\n",
     remove},
    {"accounts", "reset", "NAME", 1, 1, "for", "print a code with which the owner chooses a new password",
     "The code, alone on a line of standard output, works once, until it expires (porter --redeem); it ends every\n"
     "session of the account, and unlocks it. It is shown once: only its digest is stored. Until then the old\n"
     "password works. Another reset replaces it, and so does any new password.\n",
     "  porterctl accounts reset Alice\n"
     "  porterctl accounts reset Alice --for 2h\n",
     reset_account},
    {"accounts", "import", "FILE", 1, 1, "dry-run hash-memory hash-ops",
     "create the accounts of a file, with their hashes",
     "A line an account: name, tab, hash, and possibly a tab and the word disabled. FILE may be - for standard\n"
     "input. Hashes: Argon2, bcrypt, yescrypt, sha512-crypt, sha256-crypt, and what Django, Mosquitto, Dovecot,\n"
     "LDAP servers and htpasswd write. Weak ones are wrapped in Argon2id; each is replaced at the first login.\n"
     "An account that exists stays as it is. If a line is refused, nothing is imported (65).\n",
     "  porterctl accounts import accounts.tsv --dry-run\n"
     "  getent shadow | awk -F: -v OFS='\\t' '$2 ~ /^[$]/ {print $1, $2}' | porterctl accounts import -\n",
     import_accounts},
    {"accounts", "export", "", 0, 0, "with-password-hashes", "all accounts as lines, for import elsewhere",
     "Name and state, separated by a tab; with --with-password-hashes name, hash and state, as import reads them.\n",
     "  porterctl accounts export\n"
     "  (umask 077; porterctl accounts export --with-password-hashes >accounts.tsv)\n",
     export_accounts},
};

}  // namespace

std::span<command const> accounts_commands()
{
    return table;
}

}  // namespace porter::programs
