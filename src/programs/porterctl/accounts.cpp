#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "auth/throttle_rules.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "programs/porterctl/account_record.hpp"
#include "programs/porterctl/blocked_networks.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/new_password.hpp"
#include "programs/porterctl/opening.hpp"
#include "terminal/prompts.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using administration::account_row;
using config::exit_code;

/// The account as it is after what was done to it, and how many sessions that ended.
void tell(context& given, database& db, std::string const& sentence, std::string const& name,
          std::optional<std::size_t> sessions_ended = std::nullopt)
{
    auto shown = account_record_of(db, account_of(db, name));
    if (sessions_ended) shown.fields.push_back({"sessions_ended", count_of(*sessions_ended)});
    given.out.done(sentence, shown);
}

/// A name that an account can have. Throws config::option_error.
std::string new_name(std::string const& typed)
{
    auto name = base::normalise_new_name(typed);
    if (!name)
        throw config::option_error{exit_code::usage, fmt::format("\"{}\": {}", base::escape(typed), name.error())};
    return *name;
}

config::option_error taken(std::string const& name)
{
    return {exit_code::bad_data, fmt::format("there is an account \"{}\" already", base::escape(name))};
}

exit_code list(context& given)
{
    auto const db = open_to_read(given);
    std::vector<record> rows;
    for (auto const& one : administration::list_accounts(*db))
        rows.push_back(given.out.is_json() ? account_record_of(*db, one) : account_row_of(one));
    given.out.list(rows, "There are no accounts.", std::array<std::string_view, 2>{"created_at", "sessions"});
    return exit_code::ok;
}

exit_code show(context& given)
{
    auto const db = open_to_read(given);
    given.out.show(account_record_of(*db, account_of(*db, given.arguments[0])));
    return exit_code::ok;
}

exit_code add(context& given)
{
    auto const name = new_name(given.arguments[0]);
    auto const key = base::fold_name(name);
    auto const db = open_to_write(given);
    if (auto const other = administration::find_account(*db, key)) throw taken(other->name);  // before it asks
    auto const hash = hash_of_new_password(given, name);
    if (!hash) return exit_code::ok;
    if (!administration::add_account(*db, name, key, *hash, now())) throw taken(name);
    tell(given, *db, fmt::format("{} has an account now.", base::escape(name)), name);
    return exit_code::ok;
}

exit_code set_password(context& given)
{
    auto const db = open_to_write(given);
    auto const owner = account_of(*db, given.arguments[0]);
    auto const hash = hash_of_new_password(given, owner.name);
    if (!hash) return exit_code::ok;
    auto const ended = administration::set_password(*db, owner.id, *hash);
    if (!ended) reject_removed(owner.name);
    tell(given, *db,
         fmt::format("{} has a new password; {} ended.", base::escape(owner.name), counted(*ended, "session")),
         owner.name, *ended);
    return exit_code::ok;
}

exit_code rename(context& given)
{
    auto const name = new_name(given.arguments[1]);
    auto const db = open_to_write(given);
    auto const owner = account_of(*db, given.arguments[0]);
    auto const renamed = administration::rename_account(*db, owner.id, name, base::fold_name(name));
    if (!renamed && renamed.error() == detail::store::errc::name_taken) throw taken(name);
    if (!renamed) reject_removed(owner.name);
    tell(given, *db, fmt::format("{} is {} now.", base::escape(owner.name), base::escape(name)), name);
    return exit_code::ok;
}

exit_code disable(context& given)
{
    auto const db = open_to_write(given);
    auto const owner = account_of(*db, given.arguments[0]);
    auto const ended = administration::disable_account(*db, owner.id, now());
    if (!ended) reject_removed(owner.name);
    tell(given, *db, fmt::format("{} is disabled; {} ended.", base::escape(owner.name), counted(*ended, "session")),
         owner.name, *ended);
    return exit_code::ok;
}

exit_code enable(context& given)
{
    auto const db = open_to_write(given);
    auto const owner = account_of(*db, given.arguments[0]);
    if (!administration::enable_account(*db, owner.id)) reject_removed(owner.name);
    auto const shut = administration::list_blocked_networks(*db, owner.id, detail::auth::throttle_rules,
                                                            base::system_clock{}.now_precise());
    auto shown = account_record_of(*db, account_of(*db, owner.name));
    shown.fields.push_back({"throttled_networks", value_of(shut)});
    given.out.done(fmt::format("{} is enabled, and no failed tries are held against it.", base::escape(owner.name)),
                   shown);
    note_blocked_networks(given, shut);
    return exit_code::ok;
}

/// False: no, or the person left. Throws config::option_error when nobody can be asked.
bool is_wanted(context const& given, account_row const& owner)
{
    if (given.yes) return true;
    if (!detail::terminal::can_ask(STDERR_FILENO)) {
        throw config::option_error{exit_code::usage, "there is no terminal to ask at: --yes deletes without asking"};
    }
    auto const answer = detail::terminal::ask_yes_no(
        STDERR_FILENO, fmt::format("Delete {} with {} and {}? (yes/no) ", base::escape(owner.name),
                                   counted(owner.sessions, "session"), counted(owner.addresses, "address")));
    return answer.value_or(false);
}

exit_code remove(context& given)
{
    auto const db = open_to_write(given);
    auto const owner = account_of(*db, given.arguments[0]);
    if (!is_wanted(given, owner)) return exit_code::ok;
    auto const was = account_record_of(*db, owner);
    if (!administration::delete_account(*db, owner.id)) reject_removed(owner.name);
    given.out.done(fmt::format("{} is deleted.", base::escape(owner.name)), was);
    return exit_code::ok;
}

constexpr std::string_view password_options = "password-file min-password-length password-list hash-memory hash-ops";

constexpr command table[] = {
    {"accounts", "list", "", 0, 0, "", "all accounts, by name",
     "Columns: name, state, created, last login, its address, failed tries since, sessions.\n",
     "  porterctl accounts list\n"
     "  porterctl accounts list | cut -f1,2\n",
     list},
    {"accounts", "show", "NAME", 1, 1, "", "what is known of an account", "",
     "  porterctl accounts show Alice\n"
     "  porterctl accounts show Alice --json\n",
     show},
    {"accounts", "add", "NAME", 1, 1, password_options, "make an account",
     "The password is asked twice on a terminal, else read from the file or standard input. It must be\n"
     "as good as one that a visitor chooses.\n",
     "  porterctl accounts add Alice\n"
     "  porterctl accounts add Alice --password-file pw\n",
     add},
    {"accounts", "set-password", "NAME", 1, 1, password_options, "give an account another password",
     "Ends every session of the account, and lifts a lock that failed tries set.\n",
     "  porterctl accounts set-password Alice\n"
     "  pwgen -s 20 1 | tee /dev/tty | porterctl accounts set-password Alice\n",
     set_password},
    {"accounts", "rename", "OLD NEW", 2, 2, "", "give an account another name or spelling",
     "The account stays what it is: its password, sessions and addresses go along.\n",
     "  porterctl accounts rename Alice Alicia\n"
     "  porterctl accounts rename алиса Алиса\n",
     rename},
    {"accounts", "disable", "NAME", 1, 1, "", "shut an account out and end its sessions", "",
     "  porterctl accounts disable Alice\n", disable},
    {"accounts", "enable", "NAME", 1, 1, "", "let an account in again; also lifts a lock",
     "Failed tries are forgotten, so a lock that they set is lifted. An address that failed too often stays\n"
     "throttled for a while: a note says so, and addresses enable lifts it.\n",
     "  porterctl accounts enable Alice\n", enable},
    {"accounts", "delete", "NAME", 1, 1, "yes", "delete an account with all that belongs to it",
     "Asks on a terminal; needs --yes without one.\n",
     "  porterctl accounts delete Alice\n"
     "  porterctl accounts delete Alice --yes\n",
     remove},
};

}  // namespace

std::span<command const> accounts_commands()
{
    return table;
}

}  // namespace porter::programs
