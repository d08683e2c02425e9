// The messages of every phase: a decoded message is encoded to the same bytes, and the phases are consistent. Input: a
// payload, without its frame header.
#include <variant>

#include "base/utf8.hpp"
#include "fuzz/fuzzer.hpp"
#include "protocol/codec.hpp"

namespace porter::fuzzing {
namespace {

namespace base = detail::base;
namespace protocol = detail::protocol;

template <typename Set>
std::string encoded(Set const& message)
{
    std::string payload;
    std::visit([&](auto const& each) { protocol::encode(each, payload); }, message);
    return payload;
}

bool is_decode_error(code error)
{
    return error == code::protocol_error || error == code::unauthorized || error == code::invalid_utf8;
}

/// The bytes of the message, encoded again; empty: the phase does not allow it.
template <typename Set>
std::string round_trip(std::string_view payload, result<Set, code> (*decode)(base::bytes_view))
{
    auto const message = decode(base::as_bytes(payload));
    if (!message) {
        require(is_decode_error(message.error()), "an error has a code that docs/PROTOCOL.md names");
        return {};
    }
    auto bytes = encoded(*message);
    require(!bytes.empty(), "an encoded message has at least its kind");
    auto const again = decode(base::as_bytes(bytes));
    require(again && encoded(*again) == bytes, "decoding reverses encoding");
    return bytes;
}

/// Only the version of a hello of another version is read.
bool is_foreign_hello(std::string_view payload)
{
    return payload.size() >= 2 && payload[0] == '\x01' && payload[1] != '\x01';
}

bool is_valid_text(std::string_view payload)
{
    return !payload.empty() && payload.front() == '\x40' && base::valid_utf8(payload.substr(1));
}

}  // namespace

void check(std::string_view payload)
{
    auto const opening = round_trip(payload, protocol::decode_opening);
    auto const access = round_trip(payload, protocol::decode_access_request);
    auto const request = round_trip(payload, protocol::decode_request);
    auto const reply = round_trip(payload, protocol::decode_reply);

    if (is_foreign_hello(payload)) {
        auto const kept = std::string{payload.substr(0, 2)} + std::string(2, '\0');  // and an empty agent
        require(opening == kept, "a foreign hello keeps its version");
    } else {
        require(opening.empty() || opening == payload, "an opening has one form");
    }
    require(access.empty() || access == request, "access requests are allowed after access, too");
    require(request.empty() || request == payload, "a request has one form");
    require(reply.empty() || reply == payload, "a reply has one form");
    bool const is_both = !request.empty() && !reply.empty();
    require(!is_both || (payload.front() >= '\x40' && payload.front() <= '\x44'), "both sides send 0x40 to 0x44 only");

    auto const body = protocol::text_body(base::as_bytes(payload));
    require(body.has_value() == is_valid_text(payload), "the fast path accepts valid texts");
    require(body.has_value() == (!request.empty() && payload.front() == '\x40'), "the full decoder agrees");
}

}  // namespace porter::fuzzing
