// The messages of every phase: what is decoded is encoded to the same bytes, and the phases agree with one another.
// Input: a payload, without the header of its frame.
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
    std::visit([&](auto const& one) { protocol::encode(one, payload); }, message);
    return payload;
}

bool is_answer(code why)
{
    return why == code::protocol_error || why == code::unauthorized || why == code::invalid_utf8;
}

/// The bytes that the message is encoded to; empty when it is none of this phase.
template <typename Set>
std::string round_trip(std::string_view payload, result<Set, code> (*decode)(base::bytes_view))
{
    auto const message = decode(base::as_bytes(payload));
    if (!message) {
        require(is_answer(message.error()), "a refusal has a code that docs/PROTOCOL.md names");
        return {};
    }
    auto made = encoded(*message);
    require(!made.empty(), "an encoded message has at least its kind");
    auto const again = decode(base::as_bytes(made));
    require(again && encoded(*again) == made, "what is encoded is decoded to the same");
    return made;
}

/// Of a hello in another version nothing but the version is read.
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
        auto const kept = std::string{payload.substr(0, 2)} + std::string(2, '\0');  // and an agent without a letter
        require(opening == kept, "of a foreign hello the version is kept");
    } else {
        require(opening.empty() || opening == payload, "an opening has one form");
    }
    require(access.empty() || access == request, "what asks for access may also be said after it");
    require(request.empty() || request == payload, "a request has one form");
    require(reply.empty() || reply == payload, "a reply has one form");
    bool const is_both = !request.empty() && !reply.empty();
    require(!is_both || (payload.front() >= '\x40' && payload.front() <= '\x44'), "both sides send 0x40 to 0x44 only");

    auto const body = protocol::text_body(base::as_bytes(payload));
    require(body.has_value() == is_valid_text(payload), "the quick way sees the same texts");
    require(body.has_value() == (!request.empty() && payload.front() == '\x40'), "and so does the slow one");
}

}  // namespace porter::fuzzing
