#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "porter/result.hpp"

namespace porter::detail::client {

/// The server of a saved session.
struct server_identity {
    std::string host;  ///< as the user typed it, in lower case
    std::uint16_t port = 0;
    std::string transport = "plain";  ///< "plain" or "tls"
    std::string key = "-";            ///< the fingerprint of the server's key, "-" over plain TCP
    std::string authority{};  ///< the fingerprint of the authority's key, if only an authority certifies the server

    bool operator==(server_identity const&) const = default;
};

/// Whether a token of the server `saved` may be sent to `server`: same host, port and transport, and the same key or
/// the same authority. A session that was opened with a pinned key has no authority: it is never sent to another key.
bool can_resume_at(server_identity const& saved, server_identity const& server);

struct saved_session {
    server_identity server;
    std::string name;
    base::timestamp expires_at{};
    base::secret token;
};

/// Parses HOST PORT TRANSPORT KEY EXPIRES TOKEN NAME after trim_line(). The key may be followed by ",authority=" and
/// the authority's key, which an older client takes for a different key. Only the name may have spaces. The error is a
/// clause for the user, without the token.
result<saved_session, std::string> parse_session_line(std::string_view line);

/// The line without a line feed; empty if a member is not valid in a line: a server may send any name or token.
std::string format_session_line(saved_session const& session);

}  // namespace porter::detail::client
