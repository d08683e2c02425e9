#pragma once

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
    pong = 0x81,
    page = 0x82,
    closed = 0x83,
    rejected = 0x84,
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

/// The answer to `close_connections`.
struct closed {
    std::uint64_t count = 0;  ///< connections that are closed now; those that were ending already are not counted
};

/// The server does not do what was asked for.
struct rejected {
    std::string reason;  ///< for people
};

using request = std::variant<ping, list_connections, close_connections>;
using reply = std::variant<pong, page, closed, rejected>;

}  // namespace porter::detail::control
