#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "porter/error.hpp"

namespace porter::detail::client {

/// A server whose key the user of this machine trusts.
struct known_server {
    std::string place;        ///< as place_name() gives it
    std::string fingerprint;  ///< of the server's key (porter/host_key_policy.hpp)
    std::string first_seen;   ///< the day it was first seen, or what somebody wrote there by hand; may be empty

    bool operator==(known_server const&) const = default;
};

/// Where a server is reached, in lower case: "localhost:7678", "[::1]:7678".
std::string server_name(std::string const& host, std::uint16_t port);

/// A day as it stands in the file: "2026-11-20", UTC.
std::string day_of(base::timestamp when);

/// One line of known_servers: HOST:PORT FINGERPRINT SINCE, with what trim_line() leaves out. The error is one clause
/// for a person.
result<known_server, std::string> parse_known_server(std::string_view line);

/// Whether a line that parse_known_server() refuses may have been meant for the server (place_name()): it names the
/// server between characters that no editor shows, or names no server and has the host somewhere.
bool may_concern(std::string_view line, std::string const& where);

/// The same line, without a line feed; empty when something has no place in it.
std::string format_known_server(known_server const& server);

}  // namespace porter::detail::client
