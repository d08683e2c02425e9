#include "client/open_stream.hpp"

#include "base/cancellation_check.hpp"
#include "base/happy_eyeballs.hpp"
#include "base/resolve.hpp"
#include "client/connect_errors.hpp"
#include "client/host_key_check.hpp"
#include "client/keepalive.hpp"
#include "client/lingering_close.hpp"
#include "client/plaintext_rejection.hpp"
#include "porter/state_files.hpp"
#include "tls/context.hpp"
#include "tls/error.hpp"

namespace porter::detail::client {

namespace {

using asio::ip::tcp;
using time_point = std::chrono::steady_clock::time_point;

unexpected<client_error> connect_error(std::string const& server, base::error_code error)
{
    return error == asio::error::timed_out ? timed_out_error(server) : unreachable_error(server, error);
}

task<client_result<base::tcp_socket>> connect_tcp(std::string host, std::uint16_t port, std::string server,
                                                  time_point deadline)
{
    auto const addresses = co_await base::resolve(std::move(host), port, deadline);
    if (!addresses) co_return connect_error(server, addresses.error());
    auto connected = co_await base::connect_to_first(*addresses, deadline);
    if (!connected) co_return connect_error(server, connected.error());
    base::error_code ignored;                             // it is an optimisation
    connected->set_option(tcp::no_delay{true}, ignored);  // frames are written whole: Nagle would only delay
    set_keepalive(*connected);
    co_return std::move(*connected);
}

/// Shared by all connections: loading the system's authorities takes some 10 ms.
tls::client_context const& tls_context()
{
    static tls::client_context const context;
    return context;
}

/// A server that closes during the handshake may be full, so that is `lost`, which may be retried. Any other error
/// means that it does not serve this protocol over TLS.
unexpected<client_error> handshake_error(std::string const& server, base::error_code error)
{
    if (error == asio::error::timed_out) return timed_out_error(server);
    if (error == asio::error::eof || error == tls::errc::truncated || error.category() != tls::category()) {
        return handshake_lost_error(server, error.category() == tls::category() ? asio::error::eof : error);
    }
    return unexpected(
        client_error{client_errc::protocol,
                     {code::tls_required, server + " does not speak TLS 1.3 and porter/1: " + error.message()}});
}

task<client_result<opened_stream>> start_tls(base::tcp_socket socket, std::string host, std::string server,
                                             client_options const& options, time_point deadline)
{
    opened_stream opened{stream{std::move(socket)}, {}, {}, trust_source::none};
    auto const peer = co_await opened.socket.connect_tls(tls_context(), host, deadline);
    if (!peer && peer.error() == tls::errc::plaintext_reply) {
        base::tcp_socket plain{std::move(opened.socket)};
        auto const error = co_await read_plaintext_rejection(std::move(plain), server, deadline);
        co_return unexpected(error);
    }
    if (!peer) co_return handshake_error(server, peer.error());
    auto const& file = options.known_servers;
    known_servers const known{file.empty() ? known_servers_file() : file, options.warn};
    host_key const key{server, peer->fingerprint, peer->system_verified, peer->certificate_error};
    auto const source = check_host_key(key, known, options.host_key_policy, base::system_clock{}.now(), options.warn);
    if (!source) {
        co_await lingering_close(std::move(opened.socket), deadline);
        co_return unexpected(source.error());
    }
    opened.server_key = peer->fingerprint;
    if (*source == trust_source::certificate_authority) opened.server_authority = peer->authority;
    opened.trust_source = *source;
    co_return std::move(opened);
}

}  // namespace

task<client_result<opened_stream>> open_stream(std::string host, std::uint16_t port, client_options const& options)
{
    auto const deadline = std::chrono::steady_clock::now() + options.timeout;
    auto const server = server_name(host, port);
    auto connected = co_await connect_tcp(host, port, server, deadline);
    if (!connected) co_return unexpected(connected.error());
    if (options.transport == transport::plain) {
        co_return opened_stream{stream{std::move(*connected)}, {}, {}, trust_source::none};
    }
    auto const state = co_await asio::this_coro::cancellation_state;
    base::cancellation_check const cancellation{state};
    auto opened = co_await start_tls(std::move(*connected), std::move(host), server, options, deadline);
    cancellation.throw_if_cancelled();
    co_return opened;
}

}  // namespace porter::detail::client
