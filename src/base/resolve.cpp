#include "base/resolve.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "base/condition_variable.hpp"
#include "base/text.hpp"

namespace porter::detail::base {
namespace {

using asio::ip::tcp;
using endpoints = std::vector<tcp::endpoint>;
using time_point = condition_variable::time_point;

/// Shared with the resolver's handler: getaddrinfo(3) cannot be cancelled and may return after the deadline.
struct lookup {
    lookup(io_executor executor, time_point deadline) : resolver(executor), done(executor, deadline) {}

    tcp_resolver resolver;
    condition_variable done;
    std::optional<error_code> error;  // once it has returned
    endpoints found;
};

/// Takes a lookup that has not begun from the queue of the resolver's thread.
struct lookup_end {
    explicit lookup_end(lookup& of) : lookup_(of) {}
    ~lookup_end() { lookup_.resolver.cancel(); }
    lookup_end(lookup_end const&) = delete;
    lookup_end& operator=(lookup_end const&) = delete;

private:
    lookup& lookup_;
};

/// Whether a name always means this machine (RFC 6761, 6.3). It is not looked up: a system without /etc/hosts may not
/// resolve it, and another resolver may return other addresses.
bool is_localhost(std::string name)
{
    name = lower(std::move(name));
    if (name.ends_with('.')) name.pop_back();
    return name == "localhost" || name.ends_with(".localhost");
}

}  // namespace

task<result<endpoints, error_code>> resolve(std::string host, std::uint16_t port, time_point deadline)
{
    error_code error;
    auto const literal = asio::ip::make_address(host, error);
    if (!error) co_return endpoints{tcp::endpoint{literal, port}};
    if (host.empty()) co_return unexpected(error_code{asio::error::host_not_found});
    if (is_localhost(host)) {
        co_return endpoints{{asio::ip::address_v6::loopback(), port}, {asio::ip::address_v4::loopback(), port}};
    }

    auto executor = co_await asio::this_coro::executor;
    auto const shared = std::make_shared<lookup>(executor, deadline);
    auto const handler = [shared](error_code failed, tcp_resolver::results_type const& results) {
        for (auto const& entry : results) shared->found.push_back(entry.endpoint());
        shared->error = failed;
        shared->done.notify();
    };
    shared->resolver.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service, handler);
    lookup_end const end{*shared};
    while (!shared->error && !shared->done.is_expired()) co_await shared->done.wait();
    if (!shared->error) co_return unexpected(error_code{asio::error::timed_out});
    if (*shared->error) co_return unexpected(*shared->error);
    co_return shared->found;
}

}  // namespace porter::detail::base
