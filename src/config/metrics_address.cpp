#include "config/metrics_address.hpp"

#include <utility>

#include "config/bind.hpp"
#include "config/socket_address.hpp"

namespace porter::detail::config {

parsed<metrics_address> metrics_address::parse(std::string_view text)
{
    constexpr address_rules rules{.expected = "ADDRESS:PORT such as 127.0.0.1:9678 or [::1]:9678, or unix:PATH"};
    auto address = socket_address::parse(text, rules);
    if (!address) return unexpected(address.error());
    if (address->path.empty() && !is_address(address->host)) return reject_value(text, rules.expected);
    return metrics_address{std::move(address->host), address->port, std::move(address->path)};
}

bool metrics_address::is_exposed() const
{
    return !ip.empty() && !is_loopback(ip);
}

std::string metrics_address::text() const
{
    if (!path.empty()) return std::string{socket_address::unix_prefix} + path;
    bool const is_v6 = ip.find(':') != std::string::npos;
    return (is_v6 ? '[' + ip + ']' : ip) + ':' + std::to_string(port);
}

}  // namespace porter::detail::config
