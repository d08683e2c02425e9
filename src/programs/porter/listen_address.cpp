#include "programs/porter/listen_address.hpp"

#include <sys/un.h>

#include <asio/ip/address.hpp>

namespace porter::programs {

namespace {

namespace config = detail::config;

constexpr std::string_view unix_prefix = "unix:";
constexpr std::string_view expected = "where to listen: PORT, ADDRESS:PORT with an IP address, or unix:PATH";

config::parsed<listen_address> parse_path(std::string_view text)
{
    listen_address address;
    address.path = text.substr(unix_prefix.size());
    if (address.path.empty()) return config::reject_value(text, expected);
    if (address.path.size() < sizeof(::sockaddr_un::sun_path)) return address;
    return config::reject_value(text, "the path of a unix socket, which has at most 107 bytes");
}

}  // namespace

config::parsed<listen_address> parse_listen_address(std::string_view text)
{
    if (text.starts_with(unix_prefix)) return parse_path(text);
    listen_address address;
    auto const colon = text.rfind(':');
    if (colon != std::string_view::npos) {
        auto host = text.substr(0, colon);
        bool const is_in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
        if (is_in_brackets) host = host.substr(1, host.size() - 2);
        std::error_code error;
        auto const ip = asio::ip::make_address(host == "localhost" ? address.ip : std::string{host}, error);
        if (error || ip.is_v6() != is_in_brackets) return config::reject_value(text, expected);
        address.ip = ip.to_string();
    }
    auto const port = config::parse_port(colon == std::string_view::npos ? text : text.substr(colon + 1));
    if (!port) return config::reject_value(text, expected);
    address.port = *port;
    return address;
}

bool is_reachable_from_outside(listen_address const& address)
{
    return address.path.empty() && !asio::ip::make_address(address.ip).is_loopback();
}

}  // namespace porter::programs
