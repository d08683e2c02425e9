#include "server/second_factor_requests.hpp"

#include <utility>

#include "auth/second_factors.hpp"
#include "store/unavailable.hpp"

namespace porter::detail::server {
namespace {

using owner = auth::second_factors::owner;

/// Denies a request. What a server that has become partitioned knows may be out of date.
void deny(connection& conn, server_context const& ctx, error const& denial)
{
    conn.deny(ctx.registry.is_partitioned() ? store::unavailable() : denial);
}

task<void> begin(connection& conn, server_context const& ctx, authenticated_client& client)
{
    owner of{client.account, client.name};
    auto begun = co_await ctx.second_factors->begin(std::move(of));
    if (!begun) {
        deny(conn, ctx, begun.error());
        co_return;
    }
    client.enrolment = std::move(begun->secret);
    protocol::enrolment reply;
    reply.uri = begun->uri.view();
    conn.queue(reply);
}

task<void> confirm(connection& conn, server_context const& ctx, authenticated_client& client,
                   protocol::second_factor const& request)
{
    if (client.enrolment.empty()) {
        conn.deny(error{code::not_found, "no second factor is being set up on this connection: begin first"});
        co_return;
    }
    owner of{client.account, client.name};
    base::secret code{request.code};
    auto secret = client.enrolment.clone();
    auto codes =
        co_await ctx.second_factors->confirm(std::move(of), std::move(secret), std::move(code), conn.address());
    if (!codes) {
        deny(conn, ctx, codes.error());
        co_return;
    }
    client.enrolment = {};
    protocol::enrolment reply;
    for (auto const& each : *codes) reply.recovery_codes.push_back(each.view());
    conn.queue(reply);
}

task<void> remove(connection& conn, server_context const& ctx, authenticated_client const& client,
                  protocol::second_factor const& request)
{
    owner of{client.account, client.name};
    base::secret code{request.code};
    auto const removed = co_await ctx.second_factors->remove(std::move(of), std::move(code), conn.address());
    if (removed) {
        conn.queue(protocol::done{});
    } else {
        deny(conn, ctx, removed.error());
    }
}

}  // namespace

task<void> answer_second_factor(connection& conn, server_context const& ctx, authenticated_client& client,
                                protocol::second_factor const& request)
{
    if (ctx.second_factors == nullptr) {
        conn.deny(error{code::not_found, "this server keeps no second factors"});
    } else if (request.action == protocol::factor_action::begin) {
        co_await begin(conn, ctx, client);
    } else if (request.action == protocol::factor_action::confirm) {
        co_await confirm(conn, ctx, client, request);
    } else {
        co_await remove(conn, ctx, client, request);
    }
}

}  // namespace porter::detail::server
