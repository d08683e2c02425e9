#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "store/audit.hpp"
#include "store/postgres/address.hpp"

namespace porter::detail::store::postgres {

struct options {
    postgres::address address;

    /// Connections for changes. Each commit waits for the disk and for the standby; the server groups the commits of
    /// different connections, not those of one.
    std::size_t connections = 16;

    /// Connections for look-ups, which would otherwise wait behind commits.
    std::size_t lookup_connections = 2;

    /// How long an operation waits for a connection, and a connection for the next answer: a frozen server still
    /// acknowledges TCP. Longer than the server's own timeouts, which leave the connection usable.
    std::chrono::milliseconds patience{2'000};

    /// How long a change is repeated whose outcome is unknown: longer than a standby needs to become the primary.
    std::chrono::milliseconds resolve_patience{10'000};

    /// How long one address of one server may take from the first packet to the first answer: the next server is to be
    /// found within the patience. A server that is the only one may take the patience.
    std::chrono::milliseconds host_timeout{700};

    /// Connections of the pool that are being opened at the same time. A server that is slow to accept accepts those
    /// that have been given up, too: were all opened at once, again and again, it would never come to a current one.
    std::size_t openings = 2;

    std::chrono::milliseconds shortest_pause{50};    ///< between two rounds over all servers
    std::chrono::milliseconds longest_pause{1'000};  ///< likewise: a server that returns is found within it

    std::size_t queue_limit = 8'192;  ///< operations that wait or run; further ones are unavailable at once

    /// Operations that one connection has sent and not finished. The others wait in the pool, where another connection
    /// can take them.
    std::size_t depth = 32;

    std::optional<store::audit_key> audit_key{};  ///< of the servers; none: rows of audit stay unsealed
    std::chrono::seconds audit_keep{0};           ///< how long rows of audit are kept; 0: for ever, else at least a day

    std::chrono::milliseconds look_interval{200};   ///< between two looks into the journal of ended sessions
    std::chrono::milliseconds beat_interval{500};   ///< between two heartbeats
    std::chrono::milliseconds watch_patience{500};  ///< for the answer to one of these
};

}  // namespace porter::detail::store::postgres
