#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/network.hpp"
#include "protocol/messages.hpp"

namespace porter::detail::server {

/// The options of this module; other modules have their own.
struct options {
    protocol::access_mode access = protocol::access_mode::authenticate;
    bool greet_by_address = true;  ///< false: known_as stays empty in authenticate access

    std::chrono::milliseconds login_grace = std::chrono::seconds{30};  ///< for the opening and access together
    std::chrono::milliseconds idle_timeout{};                          ///< 0: never

    std::size_t max_connections = 20'000;            ///< 0: no limit
    std::size_t max_connections_per_address = 1024;  ///< per IPv4 address or IPv6 /64; 0: no limit
    std::size_t max_connections_per_account = 1024;  ///< with access; 0: no limit
    /// Bytes that all connections together may hold for incomplete frames and unread output; the connections of one
    /// network (IPv4 address or IPv6 /64) half of that. At least eight of the largest frames. 0: no limit.
    std::size_t max_buffered = 128 * 1024 * 1024;
    std::size_t max_outbox = 1024 * 1024;  ///< bytes that are posted to a connection and not yet written
    std::chrono::milliseconds activity_write_period =
        std::chrono::seconds{60};           ///< how often the last use of connected sessions is written
    std::uint32_t max_frame = 1024 * 1024;  ///< payload bytes of a frame after access

    /// Connections from these networks must begin with a PROXY header, which gives the client's address.
    std::vector<base::network> proxies{};

    /// How long connections with access are kept while the store has no contact with the servers that share it; not in
    /// open access, which needs no store. 0: they are closed at once.
    std::chrono::milliseconds partition_grace = std::chrono::seconds{30};

    // Timeouts of the protocol; tests override them.
    std::chrono::milliseconds proxy_header_time = std::chrono::seconds{5};  ///< for a PROXY header
    std::chrono::milliseconds frame_time =
        std::chrono::seconds{10};  ///< for a frame from its first byte, plus what its length takes at slowest_rate
    std::chrono::milliseconds output_time = std::chrono::seconds{
        10};  ///< for some output to be read; for all of it, plus what its size takes at slowest_rate (slow_consumer)
    std::chrono::milliseconds half_closed_time =
        std::chrono::seconds{30};  ///< for the next byte of a peer, after the server has shut down its sending side
    std::uint32_t slowest_rate = 64 * 1024;  ///< bytes a second, in either direction
};

/// Whether a connection from this address must begin with a PROXY header.
inline bool is_proxy(options const& options, asio::ip::address const& from)
{
    return std::ranges::any_of(options.proxies, [&](auto const& each) { return each.contains(from); });
}

/// While a connection has this much unwritten output, its requests are not processed.
inline constexpr std::size_t output_limit = 64 * 1024;

/// How long input is discarded after the half-close: a reset would destroy the closing frame on its way.
inline constexpr std::chrono::seconds linger_time{2};

/// How long stop() waits for connections to close.
inline constexpr std::chrono::seconds drain_time{5};

/// The denial with this number is followed by closing(too_many_attempts). Denials for `unavailable` and `busy` do not
/// count.
inline constexpr int max_denials = 5;

/// The same after access. Each denial costs a log line, a lookup or a strength estimate.
inline constexpr int max_denials_after_access = 32;

/// Before access all denials together, `unavailable` and `busy` included, are limited as well: one connection must not
/// make a busy server query its store or compute hashes again and again.
inline constexpr int max_access_requests = 32;

}  // namespace porter::detail::server
