#include "config/forward_target.hpp"

#include <utility>

#include "config/socket_address.hpp"

namespace porter::detail::config {

parsed<forward_target> forward_target::parse(std::string_view text)
{
    constexpr address_rules rules{.expected = "HOST:PORT, [IPv6 address]:PORT or unix:PATH", .least_port = 1};
    auto address = socket_address::parse(text, rules);
    if (!address) return unexpected(address.error());
    return forward_target{std::move(address->host), address->port, std::move(address->path)};
}

}  // namespace porter::detail::config
