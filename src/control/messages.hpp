#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "porter/connection_info.hpp"

/// The messages between porterctl and a running porterd, each the payload of a frame. porterctl sends a request and
/// receives one reply.
namespace porter::detail::control {

/// The first byte of a payload.
enum class kind : std::uint8_t {
    ping = 0x01,
    list = 0x02,
    close = 0x03,
    get_overview = 0x04,
    pong = 0x81,
    page = 0x82,
    closed = 0x83,
    rejected = 0x84,
    overview = 0x85,
};

/// Whether the server answers.
struct ping {};

/// The next connections, in the order of their ids.
struct list_connections {
    std::uint64_t after = 0;  ///< those with a larger id; 0: from the first
};

/// What `close_connections` selects connections by.
enum class selector : std::uint8_t {
    id,
    account,  ///< a name; it is compared as accounts are
    network,  ///< in CIDR notation, or an address
};

/// Closes connections.
struct close_connections {
    selector by = selector::id;
    std::uint64_t id = 0;  ///< of `id`
    std::string text;      ///< of `account` and `network`
};

/// What the rows of an overview are ordered by.
enum class sort_key : std::uint8_t { id, account, address, phase, connected_at, messages, bytes };

/// The state of the server and the first of its connections in an order. The server sorts, and sends no more rows than
/// a person scrolls through: a display asks every second, and all rows of 20,000 connections would be more than a
/// megabyte each time. `list_connections` has all of them, in pages.
struct get_overview {
    sort_key by = sort_key::id;
    bool is_descending = false;
    std::uint16_t limit = 0;  ///< rows; the server's own limit may be less
    std::string account;      ///< only those of this name; empty: any
    std::string network;      ///< only those from this network or address; empty: any
};

/// The answer to `ping`, after each I/O thread of the server has answered.
struct pong {
    std::string version;  ///< of the server
    std::string node;     ///< the name of its machine
    std::uint64_t connections = 0;
};

/// One connection.
struct connection_row {
    std::uint64_t id = 0;
    std::string address;
    std::string account;  ///< the client's name; empty without access, and in open access
    connection_phase phase = connection_phase::opening;
    base::timestamp connected_at{};
    std::uint64_t messages = 0;  ///< received and sent
    std::uint64_t bytes = 0;     ///< of their frames
};

/// The answer to `list_connections`.
struct page {
    std::string node;
    bool is_last = true;  ///< false: more follow after the last row
    std::vector<connection_row> rows;
};

/// What a server does, as counted since its start unless said otherwise.
struct server_load {
    std::uint64_t uptime_ms = 0;  ///< by a clock that is never set: rates are differences of two loads
    std::uint64_t opening = 0;    ///< connections in this phase now, as the next three
    std::uint64_t access = 0;
    std::uint64_t exchange = 0;
    std::uint64_t closing = 0;
    std::uint64_t max_connections = 0;  ///< 0: no limit
    std::uint64_t accepted = 0;         ///< connections
    std::uint64_t messages_in = 0;
    std::uint64_t messages_out = 0;
    std::uint64_t bytes_in = 0;  ///< of frames
    std::uint64_t bytes_out = 0;
    std::uint64_t granted = 0;                ///< accesses
    std::uint64_t denied = 0;                 ///< requests, those for access among them
    std::uint64_t throttled = 0;              ///< of these as `throttled`
    std::uint64_t hash_threads = 0;           ///< threads for password hashes
    std::uint64_t hashes_waiting = 0;         ///< passwords in their queue now
    std::uint64_t hashes_rejected = 0;        ///< passwords that found the queue full
    std::uint64_t handshakes = 0;             ///< TLS handshakes in progress now
    std::uint64_t hellos_waiting = 0;         ///< ClientHellos in the queue for their threads now
    std::uint64_t store_operations = 0;       ///< of the store, answered
    std::uint64_t store_ns = 0;               ///< their durations in sum, nanoseconds
    std::uint64_t store_failed = 0;           ///< operations without an answer
    std::uint64_t throttled_networks = 0;     ///< of clients denied as throttled within five minutes
    std::vector<std::string> last_throttled;  ///< the last ones of these, at most `max_last_throttled`
};

/// As many as a line of a terminal shows.
inline constexpr std::size_t max_last_throttled = 8;

/// The answer to `get_overview`.
struct overview {
    std::string version;  ///< of the server
    std::string node;     ///< the name of its machine
    server_load load;
    std::uint64_t selected = 0;  ///< connections that the request selects
    std::vector<connection_row> rows;
};

/// The answer to `close_connections`.
struct closed {
    std::uint64_t count = 0;  ///< connections that are closed now; those that were ending already are not counted
};

/// The server does not do what was asked for.
struct rejected {
    std::string reason;  ///< for people
};

using request = std::variant<ping, list_connections, close_connections, get_overview>;
using reply = std::variant<pong, page, closed, rejected, overview>;

}  // namespace porter::detail::control
