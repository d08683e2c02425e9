// Every phase with every kind: only the kinds of the protocol pass, and the kind is checked before the body.

#include <map>
#include <set>

#include "protocol/samples.hpp"
#include "support/catch.hpp"

using namespace porter::testing;
using porter::code;

namespace {

std::set<int> const from_clients{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
                                 0x0a, 0x0b, 0x0c, 0x40, 0x41, 0x42, 0x43, 0x44};

std::set<int> const all_kinds = [] {
    auto all = from_clients;
    all.insert({0x81, 0x82, 0x83, 0x84, 0x85, 0x86});
    return all;
}();

/// A valid payload of each kind that exists, and a single byte for all others.
std::string payload_of(int kind)
{
    static auto const valid = [] {
        std::map<int, std::string> payloads;
        for (auto const& sample : samples()) payloads[static_cast<int>(sample.kind)] = sample.payload;
        return payloads;
    }();
    auto const found = valid.find(kind);
    return found != valid.end() ? found->second : std::string(1, static_cast<char>(kind));
}

template <typename Decode>
void check_phase(Decode decode, std::set<int> const& allowed, std::set<int> const& known, code other_known_kinds)
{
    for (int kind = 0; kind <= 0xff; ++kind) {
        CAPTURE(kind);
        auto const expected = allowed.count(kind) != 0 ? code::normal
                              : known.count(kind) != 0 ? other_known_kinds
                                                       : code::protocol_error;
        CHECK(decode(payload_of(kind)) == expected);
        if (expected == code::normal) continue;
        CHECK(decode(std::string(1, static_cast<char>(kind))) == expected);
        CHECK(decode(static_cast<char>(kind) + std::string("\xff\xff\xff\xff")) == expected);
    }
}

}  // namespace

TEST_CASE("the opening accepts hello and closing")
{
    check_phase(opening_code, {0x01, 0x44}, all_kinds, code::unauthorized);
}

TEST_CASE("before access the five access requests and closing are accepted")
{
    check_phase(access_code, {0x02, 0x03, 0x04, 0x05, 0x0a, 0x0b, 0x44}, all_kinds, code::unauthorized);
}

TEST_CASE("after access all client kinds except hello are accepted")
{
    auto allowed = from_clients;
    allowed.erase(0x01);
    check_phase(request_code, allowed, all_kinds, code::protocol_error);
}

TEST_CASE("a client accepts all kinds that servers send")
{
    check_phase(reply_code, {0x40, 0x41, 0x42, 0x43, 0x44, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86}, all_kinds,
                code::protocol_error);
}

TEST_CASE("an empty payload is a protocol error in every phase")
{
    CHECK(opening_code("") == code::protocol_error);
    CHECK(access_code("") == code::protocol_error);
    CHECK(request_code("") == code::protocol_error);
    CHECK(reply_code("") == code::protocol_error);
}
