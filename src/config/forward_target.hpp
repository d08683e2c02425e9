#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/values.hpp"

namespace porter::detail::config {

/// What the service forward connects to: HOST:PORT, [IPv6]:PORT or unix:PATH.
struct forward_target {
    std::string host;        ///< a name or an IP address, not resolved; empty: `path` is set
    std::uint16_t port = 0;  ///< of `host`
    std::string path;        ///< of a UNIX socket, absolute

    static parsed<forward_target> parse(std::string_view text);
};

/// How the service forward tells the upstream program about the client.
enum class forward_identity : std::uint8_t {
    none,      ///< not at all
    proxy_v2,  ///< by a header of the PROXY protocol, version 2
};

}  // namespace porter::detail::config
