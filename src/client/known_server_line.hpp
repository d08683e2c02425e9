#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "porter/result.hpp"

namespace porter::detail::client {

/// A line of known_servers: a server and the fingerprint of a trusted key.
struct known_server {
    std::string name;         ///< from server_name()
    std::string fingerprint;  ///< of the server's key (porter/host_key_policy.hpp)
    std::string first_seen;   ///< the day, or a note that the user wrote there; may be empty

    bool operator==(known_server const&) const = default;
};

/// The name of a server in known_servers and in errors, in lower case: "localhost:7678", "[::1]:7678".
std::string server_name(std::string const& host, std::uint16_t port);

/// A day in the form of the file: "2026-11-20", UTC.
std::string day_of(base::timestamp when);

/// Parses HOST:PORT FINGERPRINT FIRST_SEEN after trim_line(). The error is a clause for the user, such as "it does not
/// begin with HOST:PORT".
result<known_server, std::string> parse_known_server(std::string_view line);

/// Whether a line that parse_known_server() rejects may be about the server, a server_name(): it names the server, if
/// invisible characters are ignored, or it names no server and contains the host.
bool may_concern(std::string_view line, std::string const& server);

/// The line without a line feed; empty when a member is not valid in a line.
std::string format_known_server(known_server const& server);

}  // namespace porter::detail::client
