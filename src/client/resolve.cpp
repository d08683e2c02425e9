#include "client/resolve.hpp"

#include <memory>
#include <optional>

#include "base/text.hpp"
#include "client/errors.hpp"
#include "client/event.hpp"

namespace porter::detail::client {

namespace {

using asio::ip::tcp;
using endpoints = std::vector<tcp::endpoint>;
using time_point = event::time_point;

/// A look-up that outlives the coroutine that gave it up: the system's resolver cannot be interrupted.
struct look_up {
    look_up(io_executor executor, time_point deadline) : resolver(executor), done(executor, deadline) {}

    base::tcp_resolver resolver;
    event done;
    std::optional<base::error_code> outcome;
    endpoints found;
};

/// Whether a name means this machine wherever it is looked up (RFC 6761, 6.3): the resolver is not asked, for it may
/// not know (a machine without /etc/hosts), or know better.
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

task<client_result<endpoints>> resolve(std::string host, std::uint16_t port, std::string where, time_point deadline)
{
    base::error_code error;
    auto const literal = asio::ip::make_address(host, error);
    if (!error) co_return endpoints{tcp::endpoint{literal, port}};
    if (host.empty()) co_return unreachable_error(where, asio::error::host_not_found);
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
    while (!looking->outcome && !looking->done.is_set()) co_await looking->done.wait();
    if (!looking->outcome) co_return timed_out_error(where);
    if (*looking->outcome) co_return unreachable_error(where, *looking->outcome);
    co_return looking->found;
}

}  // namespace porter::detail::client
