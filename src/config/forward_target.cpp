#include "config/forward_target.hpp"

#include <sys/un.h>

#include <utility>

#include "config/host.hpp"

namespace porter::detail::config {
namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;  // a NUL follows

}  // namespace

parsed<forward_target> forward_target::parse(std::string_view text)
{
    forward_target target;
    if (text.starts_with(unix_prefix)) {
        target.path = text.substr(unix_prefix.size());
        bool const is_valid = target.path.starts_with('/') && target.path.size() <= longest_path &&
                              target.path.find('\0') == std::string::npos;
        if (!is_valid) return reject_value(text, "unix: and the absolute path of a socket, of at most 107 bytes");
        return target;
    }
    auto split = split_host_and_port(text);
    if (!split) return reject_value(text, "HOST:PORT, [IPv6 address]:PORT or unix:PATH");
    target.host = std::move(split->host);
    target.port = split->port;
    return target;
}

}  // namespace porter::detail::config
