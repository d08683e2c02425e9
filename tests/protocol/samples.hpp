#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "protocol/codec.hpp"

namespace porter::testing {

namespace base = porter::detail::base;
namespace protocol = porter::detail::protocol;

/// One message of each kind, no field of which is empty or zero.
struct sample {
    protocol::kind what;
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
std::vector<sample> samples();

/// Whether bytes may follow a whole body of this kind and still be part of it.
inline bool takes_the_rest(protocol::kind what)
{
    using protocol::kind;
    return what == kind::text || what == kind::data || what == kind::ping || what == kind::pong;
}

/// What a phase answers to a payload; code::normal: it is decoded.
template <typename Result>
code answer(Result const& decoded)
{
    return decoded ? code::normal : decoded.error();
}

inline code opening_answer(std::string_view payload)
{
    return answer(protocol::decode_opening(base::as_bytes(payload)));
}
inline code access_answer(std::string_view payload)
{
    return answer(protocol::decode_access_request(base::as_bytes(payload)));
}
inline code request_answer(std::string_view payload)
{
    return answer(protocol::decode_request(base::as_bytes(payload)));
}
inline code reply_answer(std::string_view payload)
{
    return answer(protocol::decode_reply(base::as_bytes(payload)));
}

/// What whoever may receive this kind answers to the payload.
inline code receivers_answer(std::string_view payload)
{
    auto const what = static_cast<protocol::kind>(payload.front());
    if (what == protocol::kind::hello) return opening_answer(payload);
    if (static_cast<unsigned char>(payload.front()) & 0x80) return reply_answer(payload);
    return request_answer(payload);
}

}  // namespace porter::testing
