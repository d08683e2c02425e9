#include "client/resolve.hpp"

#include <memory>
#include <optional>

#include "base/text.hpp"
#include "client/condition_variable.hpp"
#include "client/connect_errors.hpp"

namespace porter::detail::client {

namespace {

using asio::ip::tcp;
using endpoints = std::vector<tcp::endpoint>;
using time_point = condition_variable::time_point;

/// Shared with the resolver's handler: getaddrinfo(3) cannot be cancelled and may return after the deadline.
struct lookup {
    lookup(io_executor executor, time_point deadline) : resolver(executor), done(executor, deadline) {}

    base::tcp_resolver resolver;
    condition_variable done;
    std::optional<base::error_code> error;  // once it has returned
    endpoints found;
};

/// Whether a name always means this machine (RFC 6761, 6.3). It is not looked up: a system without /etc/hosts may not
/// resolve it, and another resolver may return other addresses.
bool is_localhost(std::string name)
{
    name = base::lower(std::move(name));
    if (name.ends_with('.')) name.pop_back();
    return name == "localhost" || name.ends_with(".localhost");
}

}  // namespace

bool is_loopback(asio::ip::address const& address)
{
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
    }
    return address.is_loopback();
}

task<client_result<endpoints>> resolve(std::string host, std::uint16_t port, std::string server, time_point deadline)
{
    base::error_code error;
    auto const literal = asio::ip::make_address(host, error);
    if (!error) co_return endpoints{tcp::endpoint{literal, port}};
    if (host.empty()) co_return unreachable_error(server, asio::error::host_not_found);
    if (is_localhost(host)) {
        co_return endpoints{{asio::ip::address_v6::loopback(), port}, {asio::ip::address_v4::loopback(), port}};
    }

    auto executor = co_await asio::this_coro::executor;
    auto const shared = std::make_shared<lookup>(executor, deadline);
    auto const handler = [shared](base::error_code failed, base::tcp_resolver::results_type const& results) {
        for (auto const& entry : results) shared->found.push_back(entry.endpoint());
        shared->error = failed;
        shared->done.notify();
    };
    shared->resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service, handler);
    while (!shared->error && !shared->done.is_expired()) co_await shared->done.wait();
    if (!shared->error) co_return timed_out_error(server);
    if (*shared->error) co_return unreachable_error(server, *shared->error);
    co_return shared->found;
}

}  // namespace porter::detail::client
