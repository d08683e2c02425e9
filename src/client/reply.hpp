#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "porter/client.hpp"
#include "protocol/messages.hpp"

namespace porter::detail::client {

/// What a server issues for a second factor, to be wiped after use.
struct second_factor_enrolment {
    std::string uri;                          ///< in reply to begin; otherwise empty
    std::vector<std::string> recovery_codes;  ///< in reply to confirm
};

/// A server's reply to a request, other than `denied`.
using reply =
    std::variant<server_info, access_granted, protocol::done, std::vector<session_info>, second_factor_enrolment>;

/// The index of each reply in the variant.
enum class reply_kind : std::size_t { welcome = 0, granted = 1, done = 2, sessions = 3, enrolment = 4 };

// Decoded messages as values that outlive the input buffer.
server_info to_value(protocol::welcome const& message);
access_granted to_value(protocol::granted const& message);
std::vector<session_info> to_value(protocol::sessions const& message);
second_factor_enrolment to_value(protocol::enrolment const& message);
client_error to_value(protocol::denied const& message);
client_error to_value(protocol::closing const& message);

}  // namespace porter::detail::client
