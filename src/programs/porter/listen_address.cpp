#include "programs/porter/listen_address.hpp"

#include <asio/ip/address.hpp>
#include <utility>

#include "config/socket_address.hpp"

namespace porter::programs {

namespace config = detail::config;

config::parsed<listen_address> parse_listen_address(std::string_view text)
{
    constexpr config::address_rules rules{
        .expected = "where to listen: PORT, ADDRESS:PORT with an IP address, or unix:PATH", .may_be_relative = true};
    listen_address address;
    if (auto const port = config::parse_port(text)) {
        address.port = *port;
        return address;
    }
    auto parsed = config::socket_address::parse(text, rules);
    if (!parsed) return unexpected(parsed.error());
    address.port = parsed->port;
    address.path = std::move(parsed->path);
    if (!address.path.empty() || parsed->host == "localhost") return address;
    std::error_code error;
    auto const ip = asio::ip::make_address(parsed->host, error);
    if (error) return config::reject_value(text, rules.expected);
    address.ip = ip.to_string();
    return address;
}

bool is_reachable_from_outside(listen_address const& address)
{
    return address.path.empty() && !asio::ip::make_address(address.ip).is_loopback();
}

}  // namespace porter::programs
