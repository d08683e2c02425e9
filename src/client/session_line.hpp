#pragma once

#include <string>
#include <string_view>

#include "porter/result.hpp"
#include "porter/saved_sessions.hpp"

namespace porter::detail::client {

/// Parses HOST PORT TRANSPORT KEY EXPIRES TOKEN NAME after trim_line(). The transport is "plain" or "tls", and the key
/// of a plain one is "-". The key may be followed by ",authority=" and the authority's key, which an older client takes
/// for a different key. Only the name may have spaces. The error is a clause for the user, without the token.
result<saved_session, std::string> parse_session_line(std::string_view line);

/// The line without a line feed; empty if a member is not valid in a line: a server may send any name or token.
std::string format_session_line(saved_session const& session);

}  // namespace porter::detail::client
