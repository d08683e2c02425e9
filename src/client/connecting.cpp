#include "client/connecting.hpp"

#include <optional>

#include "client/attempt.hpp"
#include "client/failing.hpp"
#include "client/resolving.hpp"
#include "client/trusting.hpp"
#include "client/turning_away.hpp"
#include "tls/context.hpp"
#include "tls/error.hpp"

namespace porter::rooms::client {

namespace {

using asio::ip::tcp;
using time_point = std::chrono::steady_clock::time_point;

task<client_result<base::tcp_socket>> try_one(tcp::endpoint to, std::string where, time_point deadline)
{
    auto executor = co_await asio::this_coro::executor;
    base::tcp_socket fresh{executor};
    base::error_code unopened;
    fresh.open(to.protocol(), unopened);  // before the clock runs: a socket that is not open later is out of time
    if (unopened) co_return unreachable(where, unopened);
    auto const trying = begin_attempt(std::move(fresh), deadline);
    auto [error] = co_await trying->socket.async_connect(to, base::use_tuple);
    trying->deadline.cancel();
    if (!trying->socket.is_open()) co_return too_slow(where);
    if (error) co_return unreachable(where, error);
    trying->socket.set_option(tcp::no_delay{true}, error);  // frames are written whole: waiting gains nothing
    co_return std::move(trying->socket);
}

task<client_result<base::tcp_socket>> connect_tcp(std::string host, std::uint16_t port, std::string where,
                                                  time_point deadline)
{
    auto addresses = co_await resolve(std::move(host), port, where, deadline);
    if (!addresses) co_return refuse(addresses.error());
    std::optional<client_failure> failed;
    for (std::size_t i = 0; i < addresses->size(); ++i) {
        auto const now = std::chrono::steady_clock::now();
        auto const part = now + (deadline - now) / static_cast<int>(addresses->size() - i);
        auto connected = co_await try_one((*addresses)[i], where, part);
        if (connected) co_return std::move(*connected);
        failed = connected.error();
    }
    co_return refuse(*failed);
}

/// One for all connections: reading the system's authorities takes some ten milliseconds, and it never changes.
tls::client_context const& tls_context()
{
    static tls::client_context const context;
    return context;
}

/// A server that only hangs up may have no place just now; one that says something else has no TLS for us.
refusal<client_failure> no_handshake(std::string const& where, base::error_code error)
{
    if (error == asio::error::timed_out) return too_slow(where);
    if (error == asio::error::eof || error == tls::errc::truncated || error.category() != tls::category()) {
        return lost_in_handshake(where, error.category() == tls::category() ? asio::error::eof : error);
    }
    return refuse(
        client_failure{client_failure::cause::protocol,
                       {code::tls_required, where + " does not speak TLS 1.3 and porter/1: " + error.message()}});
}

task<client_result<opened>> secure(base::tcp_socket connected, std::string host, std::string where,
                                   client_options const& options, time_point deadline)
{
    opened made{stream{std::move(connected)}, {}, {}, trusted_by::nobody};
    auto const peer = co_await made.socket.connect_tls(tls_context(), host, deadline);
    if (!peer && peer.error() == tls::errc::in_the_clear) {
        base::tcp_socket unsecured{std::move(made.socket)};
        auto const answer = co_await hear_plain_answer(std::move(unsecured), where, deadline);
        co_return refuse(answer);
    }
    if (!peer) co_return no_handshake(where, peer.error());
    auto const& file = options.known_servers;
    known_servers const known{file.empty() ? known_servers::default_file() : file, options.warn};
    shown_key const shown{where, peer->fingerprint, peer->system_verified, peer->verdict};
    auto const judged = judge(shown, known, options.trust, base::system_clock{}.now(), options.warn);
    if (!judged) co_return refuse(judged.error());
    made.server_key = peer->fingerprint;
    if (*judged == trusted_by::authority) made.server_authority = peer->authority;
    made.trusted_by = *judged;
    co_return std::move(made);
}

}  // namespace

task<client_result<opened>> open_stream(std::string host, std::uint16_t port, client_options const& options)
{
    auto const deadline = std::chrono::steady_clock::now() + options.timeout;
    auto const where = place_name(host, port);
    auto connected = co_await connect_tcp(host, port, where, deadline);
    if (!connected) co_return refuse(connected.error());
    if (options.transport == transport::plain) {
        co_return opened{stream{std::move(*connected)}, {}, {}, trusted_by::nobody};
    }
    auto secured = co_await secure(std::move(*connected), std::move(host), where, options, deadline);
    co_return secured;
}

}  // namespace porter::rooms::client
