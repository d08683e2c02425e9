#include "server/acceptor.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <asio/ip/v6_only.hpp>
#include <limits>
#include <new>
#include <optional>

#include "porter/start_error.hpp"

namespace porter::detail::server {
namespace {

constexpr std::chrono::milliseconds shortest_pause{10};
constexpr std::chrono::milliseconds longest_pause{1000};

using endpoint = asio::ip::tcp::endpoint;

constexpr int backlog = 4096;  // the kernel caps it at net.core.somaxconn

// A connection whose peer's machine has vanished is closed after about two minutes.
constexpr int seconds_of_silence = 60;
constexpr int seconds_between_probes = 15;
constexpr int unanswered_probes = 4;

// Output beyond this stays in the connection's buffer, where it is counted, instead of the kernel's. Bytes in flight do
// not count, so a fast line with a long round trip is not slowed down.
constexpr int most_unsent = 128 * 1024;  // bytes

void set(base::tcp_acceptor& acceptor, int level, int option, int value)
{
    ::setsockopt(acceptor.native_handle(), level, option, &value, sizeof value);
}

/// Sets the options of accepted sockets: Linux copies them from the listening one. Errors are ignored: the server works
/// without these options, too.
void set_options(base::tcp_acceptor& acceptor)
{
    set(acceptor, IPPROTO_TCP, TCP_NODELAY, 1);
    set(acceptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(acceptor, IPPROTO_TCP, TCP_KEEPIDLE, seconds_of_silence);
    set(acceptor, IPPROTO_TCP, TCP_KEEPINTVL, seconds_between_probes);
    set(acceptor, IPPROTO_TCP, TCP_KEEPCNT, unanswered_probes);
    set(acceptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, most_unsent);
}

/// An integer option of a socket; -1: it has none.
int option_of(int descriptor, int option)
{
    int value = -1;
    socklen_t length = sizeof value;
    return ::getsockopt(descriptor, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

bool is_tcp_listener(int descriptor)
{
    int const family = option_of(descriptor, SO_DOMAIN);
    bool const is_internet = family == AF_INET || family == AF_INET6;
    bool const is_tcp =
        option_of(descriptor, SO_TYPE) == SOCK_STREAM && option_of(descriptor, SO_PROTOCOL) == IPPROTO_TCP;
    return is_internet && is_tcp && option_of(descriptor, SO_ACCEPTCONN) == 1;
}

std::string describe(endpoint const& where)
{
    auto const host = where.address().to_string();
    auto const port = std::to_string(where.port());
    return where.address().is_v6() ? "[" + host + "]:" + port : host + ":" + port;
}

base::tcp_acceptor open_listener(asio::io_context& io, endpoint const& where, base::error_code& failed)
{
    base::tcp_acceptor acceptor{io.get_executor()};
    acceptor.open(where.protocol(), failed);
    // A port with connections in TIME_WAIT is free; one with a listening socket is not.
    if (!failed) acceptor.set_option(base::tcp_acceptor::reuse_address{true}, failed);
    if (!failed && where.address().is_v6()) {
        acceptor.set_option(asio::ip::v6_only{!where.address().is_unspecified()}, failed);
    }
    set_options(acceptor);
    if (!failed) acceptor.bind(where, failed);
    if (!failed) acceptor.listen(backlog, failed);
    return acceptor;
}

/// One acceptor for each address on this port; none if the port is in use on one of them.
std::optional<std::vector<base::tcp_acceptor>> open_all(asio::io_context& io,
                                                        std::vector<asio::ip::address> const& addresses,
                                                        std::uint16_t port)
{
    std::vector<base::tcp_acceptor> opened;
    for (auto const& address : addresses) {
        // With port 0 the first address gets any free port, and the others the same.
        auto const chosen = opened.empty() ? port : opened.front().local_endpoint().port();
        endpoint const where{address, chosen};
        base::error_code failed;
        auto acceptor = open_listener(io, where, failed);
        if (failed == asio::error::address_in_use) return std::nullopt;
        if (failed) {
            throw start_error{start_errc::cannot_listen,
                              "cannot listen on " + describe(where) + ": " + failed.message()};
        }
        opened.push_back(std::move(acceptor));
    }
    return opened;
}

}  // namespace

acceptor::acceptor(base::tcp_acceptor listening, std::span<worker* const> workers, log::logger& log)
    : acceptor_(std::move(listening)),
      endpoint_(acceptor_.local_endpoint()),
      workers_(workers.begin(), workers.end()),
      log_(log),
      timer_(acceptor_.get_executor())
{}

task<void> acceptor::accept_all(accept_handler const& deliver)
{
    while (!stopped_) {
        auto& thread = next_worker();
        stream socket{thread.executor()};
        asio::ip::tcp::endpoint from;
        auto [failed] = co_await acceptor_.async_accept(socket, from, base::use_tuple);
        if (failed && stopped_) co_return;
        base::error_code problem = failed;
        if (!failed) {
            pause_ = {};
            // Readiness may be reported without input (by a late event of the descriptor's last owner): a blocking read
            // would then stop every connection on this thread.
            base::error_code ignored;
            socket.non_blocking(true, ignored);
            try {
                deliver(std::move(socket), identity::address{from.address()}, thread);
            } catch (std::bad_alloc const&) {  // this connection is lost; later ones are not
                problem = asio::error::no_memory;
            }
        }
        if (!problem) continue;
        try {
            co_await back_off(problem);
        } catch (std::bad_alloc const&) {  // without the pause; the next accept waits for a connection
        }
    }
}

void acceptor::stop()
{
    stopped_ = true;
    base::error_code ignored;  // closed already
    acceptor_.close(ignored);
    timer_.cancel();
}

worker& acceptor::next_worker()
{
    next_ = (next_ + 1) % workers_.size();
    return *workers_[next_];
}

task<void> acceptor::back_off(base::error_code const& failed)
{
    auto const now = std::chrono::steady_clock::now();
    if (now - logged_at_ >= longest_pause) {
        logged_at_ = now;
        log_.warn("accept_failed", {{"why", failed.message()}});
    }
    pause_ = std::clamp(pause_ * 2, shortest_pause, longest_pause);
    timer_.expires_after(pause_);
    co_await base::wait_for_expiry(timer_);  // or cancelled by stop(), which the caller checks
}

std::vector<base::tcp_acceptor> listen_on(asio::io_context& io, std::vector<std::string> const& addresses,
                                          std::uint16_t port, std::uint16_t tries)
{
    std::vector<asio::ip::address> parsed;
    for (auto const& text : addresses) {
        base::error_code failed;
        parsed.push_back(asio::ip::make_address(text, failed));
        if (failed) throw start_error{start_errc::configuration, "not an IP address to bind to: " + text};
    }
    if (parsed.empty()) throw start_error{start_errc::configuration, "no address to bind to"};

    std::uint32_t next = port;
    std::uint32_t last = next;
    for (std::uint16_t tried = 0; tried < tries && next <= std::numeric_limits<std::uint16_t>::max(); ++tried) {
        last = next;
        if (auto opened = open_all(io, parsed, static_cast<std::uint16_t>(next))) return std::move(*opened);
        if (port != 0) ++next;
    }
    auto const ports = last == port ? "port " + std::to_string(port) + " is"
                                    : "ports " + std::to_string(port) + " to " + std::to_string(last) + " are";
    throw start_error{start_errc::cannot_listen, "cannot listen: " + ports + " in use"};
}

std::vector<base::tcp_acceptor> take_listeners(asio::io_context& io, std::span<int const> descriptors)
{
    for (int const each : descriptors) {
        if (is_tcp_listener(each)) continue;
        throw start_error{start_errc::configuration,
                          "the inherited descriptor " + std::to_string(each) +
                              " is no listening TCP socket: a .socket unit needs ListenStream=PORT or ADDRESS:PORT, "
                              "and Accept=no"};
    }
    std::vector<base::tcp_acceptor> taken;
    for (int const each : descriptors) {
        ::fcntl(each, F_SETFD, FD_CLOEXEC);
        bool const is_v4 = option_of(each, SO_DOMAIN) == AF_INET;
        auto& acceptor = taken.emplace_back(io.get_executor());
        acceptor.assign(is_v4 ? asio::ip::tcp::v4() : asio::ip::tcp::v6(), each);
        set_options(acceptor);
    }
    return taken;
}

}  // namespace porter::detail::server
