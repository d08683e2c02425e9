#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/values.hpp"

namespace porter::detail::config {

/// What an option takes as the address of a socket.
struct address_rules {
    std::string_view expected;     ///< the forms that are valid, for the error
    std::uint16_t least_port = 0;  ///< 1: to connect to
    bool may_be_relative = false;  ///< the path, to the current directory; a service has none to rely on
};

/// Where a socket listens or connects to: HOST:PORT, [IPv6]:PORT or unix:PATH.
struct socket_address {
    /// The prefix of a path.
    static constexpr std::string_view unix_prefix = "unix:";

    std::string host;        ///< a name or an IP address without brackets, not resolved; empty: `path` is set
    std::uint16_t port = 0;  ///< of `host`
    std::string path;        ///< of a UNIX socket

    static parsed<socket_address> parse(std::string_view text, address_rules const& rules);
};

}  // namespace porter::detail::config
