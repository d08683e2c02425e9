#include "client/connect.hpp"

#include <optional>

#include "client/deadline_socket.hpp"
#include "client/errors.hpp"
#include "client/host_key_check.hpp"
#include "client/plaintext_rejection.hpp"
#include "client/quiet_close.hpp"
#include "client/resolve.hpp"
#include "tls/context.hpp"
#include "tls/error.hpp"

namespace porter::detail::client {

namespace {

using asio::ip::tcp;
using time_point = std::chrono::steady_clock::time_point;

task<client_result<base::tcp_socket>> try_one(tcp::endpoint to, std::string where, time_point deadline)
{
    auto executor = co_await asio::this_coro::executor;
    base::tcp_socket fresh{executor};
    base::error_code unopened;
    fresh.open(to.protocol(), unopened);  // before the clock runs: a socket that is not open later is out of time
    if (unopened) co_return unreachable_error(where, unopened);
    auto const trying = make_deadline_socket(std::move(fresh), deadline);
    auto [error] = co_await trying->socket.async_connect(to, base::use_tuple);
    trying->deadline.cancel();
    if (!trying->socket.is_open()) co_return timed_out_error(where);
    if (error) co_return unreachable_error(where, error);
    trying->socket.set_option(tcp::no_delay{true}, error);  // frames are written whole: waiting gains nothing
    co_return std::move(trying->socket);
}

task<client_result<base::tcp_socket>> connect_tcp(std::string host, std::uint16_t port, std::string where,
                                                  time_point deadline)
{
    auto addresses = co_await resolve(std::move(host), port, where, deadline);
    if (!addresses) co_return unexpected(addresses.error());
    std::optional<client_error> failed;
    for (std::size_t i = 0; i < addresses->size(); ++i) {
        auto const now = std::chrono::steady_clock::now();
        auto const part = now + (deadline - now) / static_cast<int>(addresses->size() - i);
        auto connected = co_await try_one((*addresses)[i], where, part);
        if (connected) co_return std::move(*connected);
        failed = connected.error();
    }
    co_return unexpected(*failed);
}

/// One for all connections: reading the system's authorities takes some ten milliseconds, and it never changes.
tls::client_context const& tls_context()
{
    static tls::client_context const context;
    return context;
}

/// A server that only hangs up may have no place just now; one that says something else has no TLS for us.
unexpected<client_error> no_handshake(std::string const& where, base::error_code error)
{
    if (error == asio::error::timed_out) return timed_out_error(where);
    if (error == asio::error::eof || error == tls::errc::truncated || error.category() != tls::category()) {
        return handshake_lost_error(where, error.category() == tls::category() ? asio::error::eof : error);
    }
    return unexpected(
        client_error{client_errc::protocol,
                     {code::tls_required, where + " does not speak TLS 1.3 and porter/1: " + error.message()}});
}

task<client_result<opened_stream>> secure(base::tcp_socket connected, std::string host, std::string where,
                                          client_options const& options, time_point deadline)
{
    opened_stream made{stream{std::move(connected)}, {}, {}, trust_source::none};
    auto const peer = co_await made.socket.connect_tls(tls_context(), host, deadline);
    if (!peer && peer.error() == tls::errc::plaintext_reply) {
        base::tcp_socket unsecured{std::move(made.socket)};
        auto const answer = co_await read_plaintext_rejection(std::move(unsecured), where, deadline);
        co_return unexpected(answer);
    }
    if (!peer) co_return no_handshake(where, peer.error());
    auto const& file = options.known_servers;
    known_servers const known{file.empty() ? known_servers::default_file() : file, options.warn};
    host_key const shown{where, peer->fingerprint, peer->system_verified, peer->certificate_error};
    auto const judged = check_host_key(shown, known, options.host_key_policy, base::system_clock{}.now(), options.warn);
    if (!judged) {
        co_await close_quietly(std::move(made.socket), deadline);
        co_return unexpected(judged.error());
    }
    made.server_key = peer->fingerprint;
    if (*judged == trust_source::certificate_authority) made.server_authority = peer->authority;
    made.trust_source = *judged;
    co_return std::move(made);
}

}  // namespace

task<client_result<opened_stream>> open_stream(std::string host, std::uint16_t port, client_options const& options)
{
    auto const deadline = std::chrono::steady_clock::now() + options.timeout;
    auto const where = server_name(host, port);
    auto connected = co_await connect_tcp(host, port, where, deadline);
    if (!connected) co_return unexpected(connected.error());
    if (options.transport == transport::plain) {
        co_return opened_stream{stream{std::move(*connected)}, {}, {}, trust_source::none};
    }
    auto secured = co_await secure(std::move(*connected), std::move(host), where, options, deadline);
    co_return secured;
}

}  // namespace porter::detail::client
