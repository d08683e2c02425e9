#include "client/connecting.hpp"

#include <memory>
#include <optional>
#include <vector>

#include "client/wakeup.hpp"

namespace porter::rooms::client {

namespace {

using cause = client_failure::cause;
using asio::ip::tcp;
using endpoints = std::vector<tcp::endpoint>;
using time_point = wakeup::time_point;

refusal<client_failure> unreachable(std::string const& where, base::error_code error)
{
    return refuse(client_failure{cause::unreachable, {code::unavailable, where + ": " + error.message()}, error});
}

refusal<client_failure> too_slow(std::string const& where)
{
    return refuse(client_failure{cause::timed_out, {code::timeout, "no connection to " + where + " in time"}});
}

/// A look-up that outlives the coroutine that gave it up: the system's resolver cannot be interrupted.
struct look_up {
    look_up(io_executor executor, time_point deadline) : resolver(executor), done(executor, deadline) {}

    base::tcp_resolver resolver;
    wakeup done;
    std::optional<base::error_code> outcome;
    endpoints found;
};

/// Whether a name means this machine wherever it is looked up (RFC 6761, 6.3): the resolver is not asked, for it may
/// not know (a machine without /etc/hosts), or know better.
bool is_localhost(std::string name)
{
    for (auto& letter : name) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    if (name.ends_with('.')) name.pop_back();
    return name == "localhost" || name.ends_with(".localhost");
}

task<client_result<endpoints>> resolve(std::string host, std::uint16_t port, std::string where, time_point deadline)
{
    base::error_code error;
    auto const literal = asio::ip::make_address(host, error);
    if (!error) co_return endpoints{tcp::endpoint{literal, port}};
    if (host.empty()) co_return unreachable(where, asio::error::host_not_found);
    if (is_localhost(host)) {
        co_return endpoints{{asio::ip::address_v6::loopback(), port}, {asio::ip::address_v4::loopback(), port}};
    }

    auto executor = co_await asio::this_coro::executor;
    auto const looking = std::make_shared<look_up>(executor, deadline);
    auto const found = [looking](base::error_code failed, base::tcp_resolver::results_type const& results) {
        for (auto const& entry : results) looking->found.push_back(entry.endpoint());
        looking->outcome = failed;
        looking->done.notify();
    };
    looking->resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service, found);
    while (!looking->outcome && !looking->done.is_over()) co_await looking->done.wait();
    if (!looking->outcome) co_return too_slow(where);
    if (*looking->outcome) co_return unreachable(where, *looking->outcome);
    co_return looking->found;
}

struct attempt {
    explicit attempt(io_executor executor) : socket(executor), deadline(executor) {}

    stream socket;
    base::steady_timer deadline;
};

task<client_result<stream>> try_one(tcp::endpoint to, std::string where, time_point deadline)
{
    auto executor = co_await asio::this_coro::executor;
    auto const trying = std::make_shared<attempt>(executor);
    trying->deadline.expires_at(deadline);
    trying->deadline.async_wait([trying](base::error_code cancelled) {
        base::error_code ignored;  // connected at the last moment and handed on: nothing is open here
        if (!cancelled) trying->socket.close(ignored);
    });
    auto [error] = co_await trying->socket.async_connect(to, base::use_tuple);
    trying->deadline.cancel();
    if (!trying->socket.is_open()) co_return too_slow(where);
    if (error) co_return unreachable(where, error);
    trying->socket.set_option(tcp::no_delay{true}, error);  // frames are written whole: waiting gains nothing
    co_return std::move(trying->socket);
}

}  // namespace

bool is_loopback(asio::ip::address const& address)
{
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
    }
    return address.is_loopback();
}

task<client_result<stream>> open_stream(std::string host, std::uint16_t port, transport way,
                                        std::chrono::milliseconds timeout)
{
    auto const deadline = std::chrono::steady_clock::now() + timeout;
    auto const colons = host.find(':') != std::string::npos;
    auto const where = (colons ? "[" + host + "]" : host) + ":" + std::to_string(port);

    auto addresses = co_await resolve(host, port, where, deadline);
    if (!addresses) co_return refuse(addresses.error());
    if (way == transport::automatic) {
        std::erase_if(*addresses, [](tcp::endpoint const& to) { return !is_loopback(to.address()); });
        if (addresses->empty()) {
            co_return refuse(client_failure{
                cause::not_sent,
                {code::tls_required, where + " is another machine: plain text must be asked for explicitly"}});
        }
    }
    std::optional<client_failure> failed;
    for (std::size_t i = 0; i < addresses->size(); ++i) {
        auto const now = std::chrono::steady_clock::now();
        auto const part = now + (deadline - now) / static_cast<int>(addresses->size() - i);
        auto opened = co_await try_one((*addresses)[i], where, part);
        if (opened) co_return std::move(*opened);
        failed = opened.error();
    }
    co_return refuse(*failed);
}

}  // namespace porter::rooms::client
