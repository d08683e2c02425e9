#include "server/serve.hpp"

#include <chrono>
#include <new>

#include "server/access_phase.hpp"
#include "server/message_loop.hpp"

namespace porter::detail::server {
namespace {

/// The field `code` of the log line.
std::string_view code_of(close_reason const& reason)
{
    switch (reason.kind()) {
        case close_reason::kind_type::peer_closed:
            return "by_peer";
        case close_reason::kind_type::half_closed:
            return "half_closed";
        case close_reason::kind_type::truncated:
            return "cut_off";
        default:
            return name_of(reason.close_code());
    }
}

/// Logs the one line at the end of each connection; health checks at debug, or they would fill the log.
template <typename... Reason>
void log_as(std::string_view event, connection& conn, log::logger& log, Reason const&... reason)
{
    auto const& exchanged = conn.exchanged();
    auto const now = std::chrono::steady_clock::now();
    bool const is_health_check = conn.count_health_check(now);
    log.with(conn.address())
        .log(is_health_check ? log::level::debug : log::level::info, event,
             {reason...,
              {"messages_in", exchanged.in().messages},
              {"messages_out", exchanged.out().messages},
              {"bytes_in", exchanged.in().bytes},
              {"bytes_out", exchanged.out().bytes},
              {"seconds", std::chrono::duration_cast<std::chrono::milliseconds>(now - conn.accepted_at())}});
}

void log_closed(connection& conn, log::logger& log)
{
    auto const& reason = *conn.ended();
    conn.statistics().count_closed(reason);
    auto const code = log::field{"code", code_of(reason)};
    if (reason.kind() == close_reason::kind_type::lost) {
        log_as("connection_lost", conn, log, log::field{"why", reason.message()});
    } else if (reason.message().empty()) {
        log_as("connection_closed", conn, log, code);
    } else {
        log_as("connection_closed", conn, log, code, log::quoted("reason", reason.message()));
    }
}

/// All steps until access is granted. None: the connection has ended instead.
task<std::optional<authenticated_client>> open_access(connection& conn, server_context const& ctx)
{
    try {
        co_await conn.read_proxy_header();  // after a close reason is set, each step does nothing
        conn.end_if_banned();
        co_await conn.detect_tls(ctx.tls);
        conn.end_if_banned();
        auto client = co_await run_access_phase(conn, ctx);
        co_return client;
    } catch (std::bad_alloc const&) {  // the connection must still be closed in order: a write may be in progress
        conn.end(close_reason::local(code::internal, "out of memory"));
    }
    co_return std::nullopt;
}

}  // namespace

task<void> serve(connection& conn, connection_slot slot, server_context const& ctx)
{
    // abort() cancels the wait at hand; the steps after it, close() among them, wait again.
    co_await asio::this_coro::throw_if_cancelled(false);
    conn.attach(slot);
    auto client = co_await open_access(conn, ctx);
    if (client) {
        slot.set_client(*client);
        message_loop loop{conn, ctx, *client};
        try {
            co_await loop.run_service();  // no coroutine of its own: an idle connection would hold its frame
        } catch (...) {
            loop.report_defect(std::current_exception());
        }
        conn.end_service();
    }
    log_closed(conn, ctx.log);
    co_await conn.close();
}

task<void> reject(connection& conn, [[maybe_unused]] reject_permit permit, server_context const& ctx)
{
    co_await asio::this_coro::throw_if_cancelled(false);
    conn.attach();
    conn.end(close_reason::local(code::server_full, "the server is full"));
    log_closed(conn, ctx.log);
    co_await conn.close();
}

}  // namespace porter::detail::server
