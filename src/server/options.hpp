#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/network.hpp"
#include "protocol/messages.hpp"

namespace porter::detail::server {

/// What the server room itself goes by; the other rooms have options of their own.
struct options {
    protocol::access_mode access = protocol::access_mode::authenticate;
    bool greet_by_address = true;  ///< false: known_as stays empty in authenticate access

    std::chrono::milliseconds login_grace = std::chrono::seconds{30};  ///< for the whole opening and access
    std::chrono::milliseconds idle_timeout{};                          ///< 0: never

    std::size_t max_connections = 20'000;            ///< 0: no limit
    std::size_t max_connections_per_address = 1024;  ///< per IPv4 address or IPv6 /64; 0: no limit
    std::size_t max_connections_per_account = 1024;  ///< with access; 0: no limit
    /// Bytes that all connections together may hold for frames that are not whole yet and output that is not taken
    /// yet; of one network (IPv4 address or IPv6 /64) half of that. At least room for eight of the largest
    /// frames. 0: no limit.
    std::size_t max_buffered = 128 * 1024 * 1024;
    std::chrono::milliseconds use_period =
        std::chrono::seconds{60};           ///< how often the use of sessions with a live connection is written
    std::uint32_t max_frame = 1024 * 1024;  ///< payload bytes that a visitor may send after access

    /// Who comes from here begins with a PROXY header, which says where the visitor is.
    std::vector<base::network> proxies{};

    // The protocol's times; other ones are for tests.
    std::chrono::milliseconds opening_time = std::chrono::seconds{5};  ///< for a PROXY header
    std::chrono::milliseconds frame_time =
        std::chrono::seconds{10};  ///< for a frame from its first byte on, plus what its length takes at slowest_rate
    std::chrono::milliseconds output_time = std::chrono::seconds{
        10};  ///< within which some output is taken, and all of it within what its size takes more (slow_consumer)
    std::uint32_t slowest_rate = 64 * 1024;  ///< bytes a second in either direction, beyond the times above
};

/// Whether a connection from here begins with a PROXY header.
inline bool is_proxy(options const& options, asio::ip::address const& from)
{
    return std::ranges::any_of(options.proxies, [&](auto const& each) { return each.contains(from); });
}

/// While this many bytes wait to be written to a peer, no request of its is taken up.
inline constexpr std::size_t output_limit = 64 * 1024;

/// How long a closed connection is read on, so that a reset does not destroy the closing frame on its way.
inline constexpr std::chrono::seconds linger_time{2};

/// How long stop() lets connections take their leave.
inline constexpr std::chrono::seconds drain_time{5};

/// The denial with this number is followed by closing(too_many_attempts); faults of ours are no denials to count.
inline constexpr int max_denials = 5;

/// After access people may err more often, and every denial costs a line in the log, a look-up or an estimate.
inline constexpr int max_denials_after_access = 32;

/// Before access the answer with this number is followed by closing(too_many_attempts), too, whatever it denies: faults
/// of ours are answers, so that nobody has a busy server ask its store or its hashes again and again by one connection.
inline constexpr int max_access_requests = 32;

}  // namespace porter::detail::server
