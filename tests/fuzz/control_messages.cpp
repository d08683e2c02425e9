// The messages of the control socket: a decoded message is encoded to the same bytes, and none is a request and a
// reply. Input: a payload, without its frame header.
#include "control/codec.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {

void check(std::string_view payload)
{
    auto const bytes = detail::base::as_bytes(payload);
    auto const request = detail::control::decode_request(bytes);
    auto const reply = detail::control::decode_reply(bytes);
    require(!request || !reply, "a payload is a request or a reply");
    if (request) require(detail::control::encode(*request) == payload, "decoding reverses the encoding of a request");
    if (reply) require(detail::control::encode(*reply) == payload, "decoding reverses the encoding of a reply");
}

}  // namespace porter::fuzzing
