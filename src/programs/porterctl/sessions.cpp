#include <fmt/format.h>

#include <array>
#include <limits>

#include "base/text.hpp"
#include "config/option_error.hpp"
#include "config/values.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/opening.hpp"
#include "store/sqlite/administration/sessions.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using config::exit_code;

record record_of(administration::session_row const& one, context const& given)
{
    auto const& session = one.session;
    bool const live =
        session.expires_at > now() && session.last_used_at + given.configuration.server.session_idle_ttl > now();
    return {{{"id", session.id},
             {"account", one.account_name},
             {"state", live ? "live" : "expired"},
             {"address", session.address},
             {"transport", session.transport == detail::store::transport::tls ? "tls" : "plain"},
             {"created_at", session.created_at},
             {"last_used_at", session.last_used_at},
             {"expires_at", session.expires_at}}};
}

exit_code list(context& given)
{
    auto const db = open_to_read(given);
    std::optional<detail::store::account_id> owner;
    if (!given.account.empty()) owner = account_of(*db, given.account).id;
    std::vector<record> rows;
    for (auto const& one : administration::list_sessions(*db, owner)) rows.push_back(record_of(one, given));
    given.out.list(rows, "There are no sessions.", std::array<std::string_view, 3>{"created_at", "transport", "state"});
    return exit_code::ok;
}

exit_code revoke_all(context& given)
{
    auto const db = open_to_write(given);
    auto const owner = account_of(*db, given.account);
    auto const ended = administration::end_sessions(*db, owner.id);
    given.out.done(fmt::format("{} of {} ended.", counted(ended, "session"), base::escape(owner.name)),
                   {{{"account", owner.name}, {"sessions_ended", count_of(ended)}}});
    return exit_code::ok;
}

exit_code revoke(context& given)
{
    if (given.arguments.empty() == given.account.empty()) {
        throw config::option_error{exit_code::usage, "which sessions: an ID, or --account NAME for all of an account"};
    }
    if (given.arguments.empty()) return revoke_all(given);
    auto const id = config::parse_number(given.arguments[0], 1, std::numeric_limits<detail::store::session_id>::max());
    if (!id) throw config::option_error{exit_code::usage, "ID: " + id.error()};
    auto const db = open_to_write(given);
    auto const owner = administration::end_session(*db, static_cast<detail::store::session_id>(*id));
    if (!owner) {
        throw config::option_error{
            exit_code::not_found,
            fmt::format("there is no session {} (porterctl sessions list shows them all)", given.arguments[0])};
    }
    given.out.done(fmt::format("Session {} of {} ended.", *id, base::escape(*owner)),
                   {{{"account", *owner}, {"sessions_ended", count_of(1)}}});
    return exit_code::ok;
}

exit_code prune(context& given)
{
    auto const db = open_to_write(given);
    auto const idle_since = now() - given.configuration.server.session_idle_ttl;
    auto const ended = administration::prune_sessions(*db, now(), idle_since);
    given.out.done(fmt::format("{} removed.", counted(ended, "expired session")),
                   {{{"sessions_removed", count_of(ended)}}});
    return exit_code::ok;
}

constexpr command table[] = {
    {"sessions", "list", "", 0, 0, "account session-idle-ttl", "all sessions, or those of an account",
     "Columns: id, account, state, address, transport, created, last used, expires. An expired session\n"
     "opens nothing, and porterd removes it by and by.\n",
     "  porterctl sessions list\n"
     "  porterctl sessions list --account Alice --json\n",
     list},
    {"sessions", "revoke", "[ID]", 0, 1, "account", "end a session, or with --account all of an account",
     "Its token opens nothing any more, and its live connections are closed.\n",
     "  porterctl sessions revoke 17\n"
     "  porterctl sessions revoke --account Alice\n",
     revoke},
    {"sessions", "prune", "", 0, 0, "session-idle-ttl", "remove expired sessions",
     "porterd does so by itself; this is for a database whose porterd does not run.\n",
     "  porterctl sessions prune\n"
     "  porterctl sessions prune --session-idle-ttl 1d\n",
     prune},
};

}  // namespace

std::span<command const> sessions_commands()
{
    return table;
}

}  // namespace porter::programs
