#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "protocol/codec.hpp"

namespace porter::testing {

namespace base = porter::detail::base;
namespace protocol = porter::detail::protocol;

/// A message without empty or zero fields.
struct sample {
    protocol::kind kind;
    std::string payload;
};

template <typename Message>
std::string encoded(Message const& message)
{
    std::string payload;
    protocol::encode(message, payload);
    return payload;
}

protocol::sessions two_sessions();
/// One of each kind.
std::vector<sample> samples();

/// Whether the last field of this kind has no length, so that it includes any following bytes.
inline bool has_open_end(protocol::kind message_kind)
{
    using protocol::kind;
    return message_kind == kind::text || message_kind == kind::data || message_kind == kind::ping ||
           message_kind == kind::pong;
}

/// The error of a decoder; code::normal: the payload was decoded.
template <typename Result>
code code_of(Result const& decoded)
{
    return decoded ? code::normal : decoded.error();
}

inline code opening_code(std::string_view payload)
{
    return code_of(protocol::decode_opening(base::as_bytes(payload)));
}
inline code access_code(std::string_view payload)
{
    return code_of(protocol::decode_access_request(base::as_bytes(payload)));
}
inline code request_code(std::string_view payload)
{
    return code_of(protocol::decode_request(base::as_bytes(payload)));
}
inline code reply_code(std::string_view payload)
{
    return code_of(protocol::decode_reply(base::as_bytes(payload)));
}

/// The code of the decoder for the receiver of this kind.
inline code receiver_code(std::string_view payload)
{
    auto const message_kind = static_cast<protocol::kind>(payload.front());
    if (message_kind == protocol::kind::hello) return opening_code(payload);
    if (static_cast<unsigned char>(payload.front()) & 0x80) return reply_code(payload);
    return request_code(payload);
}

}  // namespace porter::testing
