#include "config/metrics_address.hpp"

#include <sys/un.h>

#include "config/bind.hpp"

namespace porter::detail::config {
namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;  // a NUL follows

}  // namespace

parsed<metrics_address> metrics_address::parse(std::string_view text)
{
    metrics_address address;
    if (text.starts_with(unix_prefix)) {
        address.path = text.substr(unix_prefix.size());
        bool const is_valid = address.path.starts_with('/') && address.path.size() <= longest_path &&
                              address.path.find('\0') == std::string::npos;
        if (!is_valid) return reject_value(text, "unix: and the absolute path of a socket, of at most 107 bytes");
        return address;
    }
    constexpr std::string_view expected = "ADDRESS:PORT such as 127.0.0.1:9678 or [::1]:9678, or unix:PATH";
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos) return reject_value(text, expected);
    auto host = text.substr(0, colon);
    bool const in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (in_brackets) host = host.substr(1, host.size() - 2);
    bool const has_colons = host.find(':') != std::string_view::npos;
    auto const port = parse_port(text.substr(colon + 1));
    if (!port || has_colons != in_brackets || !is_address(host)) return reject_value(text, expected);
    address.ip = host;
    address.port = *port;
    return address;
}

bool metrics_address::is_exposed() const
{
    return !ip.empty() && !is_loopback(ip);
}

std::string metrics_address::text() const
{
    if (!path.empty()) return std::string{unix_prefix} + path;
    bool const is_v6 = ip.find(':') != std::string::npos;
    return (is_v6 ? '[' + ip + ']' : ip) + ':' + std::to_string(port);
}

}  // namespace porter::detail::config
