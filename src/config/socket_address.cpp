#include "config/socket_address.hpp"

#include <sys/un.h>

#include <utility>

#include "config/host.hpp"

namespace porter::detail::config {
namespace {

constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;  // a NUL follows

parsed<socket_address> parse_path(std::string_view text, address_rules const& rules)
{
    socket_address address;
    address.path = text.substr(socket_address::unix_prefix.size());
    bool const is_valid = !address.path.empty() && (rules.may_be_relative || address.path.starts_with('/')) &&
                          address.path.size() <= longest_path && address.path.find('\0') == std::string::npos;
    if (is_valid) return address;
    return reject_value(text, rules.may_be_relative ? "unix: and the path of a socket, of at most 107 bytes"
                                                    : "unix: and the absolute path of a socket, of at most 107 bytes");
}

}  // namespace

parsed<socket_address> socket_address::parse(std::string_view text, address_rules const& rules)
{
    if (text.starts_with(unix_prefix)) return parse_path(text, rules);
    auto split = split_host_and_port(text, rules.least_port);
    if (!split) return reject_value(text, rules.expected);
    socket_address address;
    address.host = std::move(split->host);
    address.port = split->port;
    return address;
}

}  // namespace porter::detail::config
