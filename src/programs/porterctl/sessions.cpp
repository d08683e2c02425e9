#include <fmt/format.h>

#include <array>
#include <limits>

#include "base/text.hpp"
#include "config/option_error.hpp"
#include "config/values.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/open_database.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using config::exit_code;

record record_of(store::session_row const& row, context const& ctx)
{
    auto const& session = row.session;
    bool const live =
        session.expires_at > now() && session.last_used_at + ctx.configuration.server.session_idle_ttl > now();
    return {{{"id", session.id},
             {"account", row.account_name},
             {"state", live ? "live" : "expired"},
             {"address", session.address},
             {"transport", session.transport == store::transport::tls ? "tls" : "plain"},
             {"created_at", session.created_at},
             {"last_used_at", session.last_used_at},
             {"expires_at", session.expires_at}}};
}

exit_code list(context& ctx)
{
    auto const db = open_to_read(ctx);
    std::optional<store::account_id> owner;
    if (!ctx.account.empty()) owner = account_of(*db, ctx.account).id;
    std::vector<record> rows;
    for (auto const& one : db->list_sessions(owner)) rows.push_back(record_of(one, ctx));
    ctx.out.list(rows, "There are no sessions.", std::array<std::string_view, 3>{"created_at", "transport", "state"});
    return exit_code::ok;
}

exit_code revoke_all(context& ctx)
{
    auto const db = open_to_write(ctx);
    auto const owner = account_of(*db, ctx.account);
    auto const ended = db->end_sessions(owner.id);
    ctx.out.done(fmt::format("{} of {} ended.", quantity(ended, "session"), base::escape(owner.name)),
                 {{{"account", owner.name}, {"sessions_ended", count_of(ended)}}});
    return exit_code::ok;
}

exit_code revoke(context& ctx)
{
    if (ctx.arguments.empty() == ctx.account.empty()) {
        throw config::option_error{exit_code::usage,
                                   "name one session by its ID, or all sessions of an account by --account NAME"};
    }
    if (ctx.arguments.empty()) return revoke_all(ctx);
    auto const id = config::parse_number(ctx.arguments[0], 1, std::numeric_limits<store::session_id>::max());
    if (!id) throw config::option_error{exit_code::usage, "ID: " + id.error()};
    auto const db = open_to_write(ctx);
    auto const owner = db->end_session(static_cast<store::session_id>(*id));
    if (!owner) {
        throw config::option_error{
            exit_code::not_found,
            fmt::format("there is no session {} (see porterctl sessions list)", ctx.arguments[0])};
    }
    ctx.out.done(fmt::format("Session {} of {} ended.", *id, base::escape(*owner)),
                 {{{"account", *owner}, {"sessions_ended", count_of(1)}}});
    return exit_code::ok;
}

exit_code prune(context& ctx)
{
    auto const db = open_to_write(ctx);
    auto const idle_since = now() - ctx.configuration.server.session_idle_ttl;
    auto const ended = db->prune_sessions(now(), idle_since);
    ctx.out.done(fmt::format("{} removed.", quantity(ended, "expired session")),
                 {{{"sessions_removed", count_of(ended)}}});
    return exit_code::ok;
}

constexpr command table[] = {
    {"sessions", "list", "", 0, 0, "account session-idle-ttl", "all sessions, or those of an account",
     "Columns: id, account, state, address, transport, created, last used, expires. An expired session\n"
     "cannot be resumed; porterd removes it within an hour.\n",
     "  porterctl sessions list\n"
     "  porterctl sessions list --account Alice --json\n",
     list},
    {"sessions", "revoke", "[ID]", 0, 1, "account", "end a session, or with --account all of an account",
     "Its token becomes invalid, and porterd closes its connections.\n",
     "  porterctl sessions revoke 17\n"
     "  porterctl sessions revoke --account Alice\n",
     revoke},
    {"sessions", "prune", "", 0, 0, "session-idle-ttl", "remove expired sessions",
     "porterd does this by itself; use it for a database while porterd does not run.\n",
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
