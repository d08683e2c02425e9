#include "server/account_requests.hpp"

#include <algorithm>
#include <limits>

#include "server/second_factor_requests.hpp"
#include "store/unavailable.hpp"

namespace porter::detail::server {
namespace {

/// Sends `done`, or `denied` with the reason. Returns whether the request succeeded.
bool send_outcome(connection& conn, result<void> const& outcome)
{
    if (outcome) {
        conn.queue(protocol::done{});
    } else {
        conn.deny(outcome.error());
    }
    return outcome.has_value();
}

/// Records another name for the address.
task<void> rename(connection& conn, server_context const& ctx, authenticated_client& client,
                  protocol::identify const& request)
{
    auto renamed = co_await ctx.directory.set_name(conn.address(), std::string{request.name});
    if (!renamed) {
        conn.deny(renamed.error());
        co_return;
    }
    client.name = renamed->name();
    client.auth_method = auth_method::identify;
    protocol::granted granted;
    granted.auth_method = protocol::auth_method::identify;
    granted.name = client.name;
    conn.queue(granted);
}

task<void> change_password(connection& conn, server_context const& ctx, authenticated_client const& client,
                           protocol::change_password const& request)
{
    base::secret current{request.current};
    base::secret new_password{request.new_password};
    auto changed = co_await ctx.verifier.change_password(client.account, std::move(current), std::move(new_password),
                                                         client.session, conn.address());
    // Whether the current password is right, a server that has become partitioned does not know.
    if (!changed && ctx.registry.is_partitioned()) changed = unexpected(store::unavailable());
    send_outcome(conn, changed);
}

task<void> log_out(connection& conn, server_context const& ctx, authenticated_client const& client,
                   protocol::logout const& request)
{
    result<void> ended;
    if (request.scope == protocol::logout_scope::account) {
        ended = co_await ctx.registry.revoke_all(client.account, store::end_cause::logout);
    } else {
        ended = co_await ctx.registry.revoke(client.account, client.session, store::end_cause::logout);
    }
    if (send_outcome(conn, ended)) conn.end(close_reason::local(code::normal, "logged out"));
}

task<void> list_sessions(connection& conn, server_context const& ctx, authenticated_client const& client)
{
    auto listed = co_await ctx.registry.list(client.account);
    if (!listed) {
        conn.deny(listed.error());
        co_return;
    }
    protocol::sessions answer;
    auto const count = std::min<std::size_t>(listed->size(), std::numeric_limits<std::uint16_t>::max());
    for (auto const& each : std::span{*listed}.first(count)) {
        answer.entries.push_back({static_cast<std::uint64_t>(each.id), base::seconds_since_epoch(each.created_at),
                                  base::seconds_since_epoch(each.last_used_at),
                                  base::seconds_since_epoch(each.expires_at), each.address, each.id == client.session});
    }
    conn.queue(answer);
}

task<void> revoke(connection& conn, server_context const& ctx, authenticated_client const& client,
                  protocol::revoke_session const& request)
{
    if (request.id > static_cast<std::uint64_t>(std::numeric_limits<store::session_id>::max())) {
        conn.deny(error{code::not_found, "no such session"});
        co_return;
    }
    auto const id = static_cast<store::session_id>(request.id);
    auto revoked = co_await ctx.registry.revoke(client.account, id);
    if (send_outcome(conn, revoked) && id == client.session) {
        conn.end(close_reason::local(code::session_ended, "revoked"));
    }
}

bool opens_access(protocol::request const& request)
{
    return std::holds_alternative<protocol::register_account>(request) ||
           std::holds_alternative<protocol::login>(request) || std::holds_alternative<protocol::resume>(request) ||
           std::holds_alternative<protocol::redeem>(request) || std::holds_alternative<protocol::prove>(request);
}

}  // namespace

task<void> answer_request(connection& conn, server_context const& ctx, authenticated_client& client,
                          protocol::request const& request)
{
    if (auto const* name = std::get_if<protocol::identify>(&request)) {
        if (ctx.options->access == protocol::access_mode::identify && ctx.registry.is_partitioned()) {
            conn.deny(store::unavailable());
        } else if (ctx.options->access == protocol::access_mode::identify) {
            co_await rename(conn, ctx, client, *name);
        } else {
            conn.end(close_reason::local(code::protocol_error, "identify is not allowed here"));
        }
    } else if (client.session == 0) {
        conn.deny(error{code::not_supported, "this server keeps no accounts"});
    } else if (opens_access(request)) {
        conn.end(close_reason::local(code::protocol_error, "access was granted already"));
    } else if (ctx.registry.is_partitioned()) {
        conn.deny(store::unavailable());
    } else if (auto const* change = std::get_if<protocol::change_password>(&request)) {
        co_await change_password(conn, ctx, client, *change);
    } else if (auto const* logout = std::get_if<protocol::logout>(&request)) {
        co_await log_out(conn, ctx, client, *logout);
    } else if (auto const* one = std::get_if<protocol::revoke_session>(&request)) {
        co_await revoke(conn, ctx, client, *one);
    } else if (auto const* factor = std::get_if<protocol::second_factor>(&request)) {
        co_await answer_second_factor(conn, ctx, client, *factor);
    } else {
        co_await list_sessions(conn, ctx, client);
    }
}

}  // namespace porter::detail::server
