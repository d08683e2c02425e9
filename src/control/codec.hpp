#pragma once

#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "control/messages.hpp"

namespace porter::detail::control {

/// Decodes one payload. None: an unknown kind, as of another version, or a body that does not have the exact format.
std::optional<request> decode_request(base::bytes_view payload);
std::optional<reply> decode_reply(base::bytes_view payload);

/// The payload of a message. Throws std::bad_alloc.
std::string encode(request const& message);
std::string encode(reply const& message);

}  // namespace porter::detail::control
