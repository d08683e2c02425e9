#pragma once

#include <cstddef>
#include <variant>
#include <vector>

#include "porter/client.hpp"
#include "protocol/messages.hpp"

namespace porter::detail::client {

/// A server's reply to a request, other than `denied`.
using reply = std::variant<server_info, access_granted, protocol::done, std::vector<session_info>>;

/// The index of each reply in the variant.
enum class reply_kind : std::size_t { welcome = 0, granted = 1, done = 2, sessions = 3 };

// Decoded messages as values that outlive the input buffer.
server_info to_value(protocol::welcome const& message);
access_granted to_value(protocol::granted const& message);
std::vector<session_info> to_value(protocol::sessions const& message);
client_error to_value(protocol::denied const& message);
client_error to_value(protocol::closing const& message);

}  // namespace porter::detail::client
