#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/values.hpp"

namespace porter::detail::config {

/// Where porterd serves its metrics: ADDRESS:PORT, [IPv6]:PORT or unix:PATH.
struct metrics_address {
    std::string ip;          ///< an IP address; empty: `path` is set, or nothing is served
    std::uint16_t port = 0;  ///< of `ip`; 0: any free one
    std::string path;        ///< of a UNIX socket, absolute

    static parsed<metrics_address> parse(std::string_view text);

    bool is_empty() const noexcept { return ip.empty() && path.empty(); }
    /// Whether other machines can reach it: then anyone there can read the metrics, since nothing is asked of a reader.
    bool is_exposed() const;
    /// The text that parses to it.
    std::string text() const;
};

}  // namespace porter::detail::config
