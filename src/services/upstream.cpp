#include "services/upstream.hpp"

#include <sys/socket.h>

#include <asio/local/stream_protocol.hpp>
#include <cerrno>
#include <utility>

#include "base/happy_eyeballs.hpp"
#include "base/resolve.hpp"

namespace porter::detail::services {
namespace {

using time_point = std::chrono::steady_clock::time_point;
using connected = result<upstream_socket, base::error_code>;

/// How often a UNIX socket is tried whose queue of connections is full: nothing tells when it no longer is.
constexpr std::chrono::milliseconds retry_pause{20};

task<connected> connect_tcp(upstream_address const& address, time_point deadline)
{
    auto const addresses = co_await base::resolve(address.host, address.port, deadline);
    if (!addresses) co_return unexpected(addresses.error());
    auto socket = co_await base::connect_to_first(*addresses, deadline);
    if (!socket) co_return unexpected(socket.error());
    base::error_code ignored;  // these only make it better
    socket->set_option(asio::ip::tcp::no_delay{true}, ignored);
    socket->set_option(asio::socket_base::keep_alive{true}, ignored);
    co_return upstream_socket{std::move(*socket)};
}

/// A UNIX socket is connected at once or not at all. Not by Asio, which takes a full queue for a connection in
/// progress.
base::error_code connect_now(upstream_socket& socket, asio::local::stream_protocol::endpoint const& endpoint)
{
    auto const size = static_cast<socklen_t>(endpoint.size());
    if (::connect(socket.native_handle(), endpoint.data(), size) == 0) return {};
    return {errno, asio::error::get_system_category()};
}

task<connected> connect_local(upstream_address const& address, time_point deadline)
{
    auto const executor = co_await asio::this_coro::executor;
    asio::local::stream_protocol::endpoint const endpoint{address.path};
    upstream_socket socket{executor};
    base::error_code error;
    socket.open(endpoint.protocol(), error);
    if (!error) socket.non_blocking(true, error);
    if (error) co_return unexpected(error);
    base::steady_timer pause{executor};
    for (;;) {
        error = connect_now(socket, endpoint);
        if (!error) co_return std::move(socket);
        if (error != asio::error::would_block && error != asio::error::interrupted) co_return unexpected(error);
        if (std::chrono::steady_clock::now() >= deadline)
            co_return unexpected(base::error_code{asio::error::timed_out});
        pause.expires_after(retry_pause);
        co_await pause.async_wait(use_task);
    }
}

task<connected> connect(upstream_address const& address, time_point deadline)
{
    return address.host.empty() ? connect_local(address, deadline) : connect_tcp(address, deadline);
}

}  // namespace

std::string upstream_address::text() const
{
    if (host.empty()) return "unix:" + path;
    bool const has_colons = host.find(':') != std::string::npos;
    return (has_colons ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

task<connected> connect_upstream(upstream_address const& address, time_point deadline)
{
    auto socket = co_await connect(address, deadline);
    if (!socket) co_return unexpected(socket.error());
    base::error_code error;
    socket->non_blocking(true, error);
    if (error) co_return unexpected(error);
    co_return std::move(*socket);
}

}  // namespace porter::detail::services
