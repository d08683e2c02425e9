#include "server/serve.hpp"

#include <chrono>

#include "server/access_phase.hpp"
#include "server/message_loop.hpp"
#include "server/worker.hpp"

namespace porter::detail::server {
namespace {

/// Finds out who comes by a proxy, and gives the place to the network that the proxy says: the proxy's own address has
/// no limit of connections, each of its clients' has.
task<void> read_proxy_header(connection& conn, connection_slot& place, log::logger& log)
{
    auto const proxy = conn.address();
    bool const heard = co_await conn.read_proxy_header();
    if (heard) {
        auto const& client = conn.address();
        log.debug("proxy_header_read",
                  {{"address", client.text()}, {"connection", client.connection()}, {"proxy", proxy.text()}});
    }
    if (!heard || conn.address() == proxy) co_return;
    std::optional<slot_owner> evicted;
    bool const moved = place.move_to(conn.address().network(), evicted);
    if (evicted) notify_evicted(*evicted);
    if (!moved) conn.end(close_reason::local(code::server_full, "too many connections from your network"));
}

void report_tls(connection const& conn, log::logger& log)
{
    auto const agreed = conn.agreement();
    if (!agreed) return;
    log.debug("tls_established", {{"address", conn.address().text()},
                                  {"connection", conn.address().connection()},
                                  {"version", agreed->version},
                                  {"cipher", agreed->cipher},
                                  {"group", agreed->group}});
}

/// From the first byte to access. None: it ends before that.
task<std::optional<authenticated_client>> establish(connection& conn, connection_slot& place, server_context const& ctx)
{
    if (is_proxy(ctx.options, conn.address().ip())) co_await read_proxy_header(conn, place, ctx.log);
    bool const recognised = co_await conn.detect_tls(ctx.encryption);
    if (!recognised) co_return std::nullopt;
    if (ctx.log.writes(log::level::debug)) report_tls(conn, ctx.log);
    auto admitted = co_await run_access_phase(conn, ctx);
    co_return admitted;
}

std::string_view name_of(close_reason const& why)
{
    switch (why.kind()) {
        case close_reason::kind_type::peer_closed:
            return "by_peer";
        case close_reason::kind_type::half_closed:
            return "half_closed";
        case close_reason::kind_type::truncated:
            return "cut_off";
        default:
            return name_of(why.close_code());
    }
}

/// Whether the peer went away soon and without a byte beyond a PROXY header, as health checks of proxies and load
/// balancers do.
bool is_health_check(connection const& conn, std::chrono::steady_clock::duration lasted)
{
    constexpr std::chrono::seconds longest{5};
    auto const way = conn.ended()->kind();
    bool const left = way == close_reason::kind_type::half_closed || way == close_reason::kind_type::lost;
    return left && !conn.has_spoken() && lasted < longest;
}

/// The one line that every connection leaves in the log. Those of health checks would be most of it.
template <typename... Said>
void report_as(std::string_view event, connection& conn, log::logger& log, Said const&... said)
{
    using std::chrono::milliseconds;
    auto const& from = conn.address();
    auto const& sum = conn.exchanged();
    auto const lasted = std::chrono::steady_clock::now() - conn.since();
    bool const is_check = is_health_check(conn, lasted);
    if (is_check) conn.count_as_health_check();
    log.log(is_check ? log::level::debug : log::level::info, event,
            {{"address", from.text()},
             {"connection", from.connection()},
             said...,
             {"messages_in", sum.in().messages},
             {"messages_out", sum.out().messages},
             {"bytes_in", sum.in().bytes},
             {"bytes_out", sum.out().bytes},
             {"seconds", std::chrono::duration_cast<milliseconds>(lasted)}});
}

void log_closed(connection& conn, server_context const& ctx)
{
    auto const& why = *conn.ended();
    auto const code = log::field{"code", name_of(why)};
    if (why.kind() == close_reason::kind_type::lost) {
        report_as("connection_lost", conn, ctx.log, log::field{"why", why.message()});
    } else if (why.message().empty()) {
        report_as("connection_closed", conn, ctx.log, code);
    } else {
        report_as("connection_closed", conn, ctx.log, code, log::quoted("reason", why.message()));
    }
}

/// A frame of its own, so that no connection that stays has room for it.
task<void> close_connection(connection& conn, connection_slot& place)
{
    auto how = conn.is_evicted_for_memory() ? connection::close_mode::immediate : connection::close_mode::graceful;
    bool const lost = place.is_evicted();
    auto const goodbye = lost ? place.permit_reject() : std::nullopt;
    if (lost && !goodbye) how = connection::close_mode::immediate;
    co_await conn.close(how);
}

}  // namespace

task<void> serve(connection& conn, connection_slot place, server_context const& ctx)
{
    // An interrupt cancels what is waited for now. Whatever follows it, the leave for one, may wait again.
    co_await asio::this_coro::throw_if_cancelled(false);
    conn.attach_worker();
    conn.attach(place);
    auto admitted = co_await establish(conn, place, ctx);
    if (admitted) {
        message_loop talk{conn, ctx, *admitted};
        try {
            co_await ctx.handler(talk.public_connection());
        } catch (...) {
            talk.report_defect(std::current_exception());
        }
        conn.end(close_reason::local(code::normal));
    }
    log_closed(conn, ctx);
    co_await close_connection(conn, place);
}

task<void> reject(connection& conn, [[maybe_unused]] reject_permit goodbye, server_context const& ctx)
{
    co_await asio::this_coro::throw_if_cancelled(false);
    conn.attach_worker();
    conn.end(close_reason::local(code::server_full, "the server is full"));
    log_closed(conn, ctx);
    co_await conn.close();
}

}  // namespace porter::detail::server
