#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "porter/error.hpp"

namespace porter::detail::client {

/// The server that a saved session belongs to: its token is offered to nothing else.
struct server_place {
    std::string host;  ///< as typed, in lower case
    std::uint16_t port = 0;
    std::string transport = "plain";  ///< how the session was opened
    std::string key = "-";            ///< the server's key, "-" where the transport has none
    std::string authority{};  ///< the key of the authority, where its word alone is why the server is trusted; or empty

    bool operator==(server_place const&) const = default;
};

/// Whether a token that was kept at `kept` may be offered to `server`: same host, port and transport, and the same key
/// or, where both are trusted on an authority's word, the same authority. A session that was opened under a pin has no
/// authority, so that none can vouch for another key.
bool can_resume_at(server_place const& kept, server_place const& server);

struct saved_session {
    server_place server;
    std::string name;
    base::timestamp expires_at{};
    base::secret token;
};

/// One line of the file of saved sessions: HOST PORT TRANSPORT KEY EXPIRES TOKEN NAME. The key may be followed by
/// ",authority=" and the authority's; a client that does not know that takes it for another key. Only the name, which
/// ends the line, may have spaces; what trim_line() leaves out is no part of it. The error is one clause for a person,
/// without the token.
result<saved_session, std::string> parse_session_line(std::string_view line);

/// The same line, without a line feed; empty when something in the session has no place in it (a server may send
/// anything as a name or token).
std::string format_session_line(saved_session const& session);

}  // namespace porter::detail::client
