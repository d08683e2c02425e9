// Every phase with every kind: only the protocol's entries pass, and the kind is judged before the body.

#include <map>
#include <set>

#include "protocol/samples.hpp"
#include "support/catch.hpp"

using namespace porter::testing;
using porter::code;

namespace {

std::set<int> const from_clients{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x40, 0x41, 0x42, 0x43, 0x44};

std::set<int> const all_kinds = [] {
    auto all = from_clients;
    all.insert({0x81, 0x82, 0x83, 0x84, 0x85});
    return all;
}();

/// A good payload of each kind that there is, and a single byte for each that there is not.
std::string payload_of(int kind)
{
    static auto const good = [] {
        std::map<int, std::string> payloads;
        for (auto const& sample : samples()) payloads[static_cast<int>(sample.what)] = sample.payload;
        return payloads;
    }();
    auto const found = good.find(kind);
    return found != good.end() ? found->second : std::string(1, static_cast<char>(kind));
}

template <typename Answer>
void check_phase(Answer answer, std::set<int> const& allowed, std::set<int> const& known, code to_other_known_kinds)
{
    for (int kind = 0; kind <= 0xff; ++kind) {
        CAPTURE(kind);
        auto const expected = allowed.count(kind) != 0 ? code::normal
                              : known.count(kind) != 0 ? to_other_known_kinds
                                                       : code::protocol_error;
        CHECK(answer(payload_of(kind)) == expected);
        if (expected == code::normal) continue;
        CHECK(answer(std::string(1, static_cast<char>(kind))) == expected);
        CHECK(answer(static_cast<char>(kind) + std::string("\xff\xff\xff\xff")) == expected);
    }
}

}  // namespace

TEST_CASE("the opening takes hello and closing")
{
    check_phase(opening_answer, {0x01, 0x44}, all_kinds, code::unauthorized);
}

TEST_CASE("before access the four ways in and closing are taken")
{
    check_phase(access_answer, {0x02, 0x03, 0x04, 0x05, 0x44}, all_kinds, code::unauthorized);
}

TEST_CASE("after access everything of a client but hello is taken")
{
    auto allowed = from_clients;
    allowed.erase(0x01);
    check_phase(request_answer, allowed, all_kinds, code::protocol_error);
}

TEST_CASE("a client takes what servers send")
{
    check_phase(reply_answer, {0x40, 0x41, 0x42, 0x43, 0x44, 0x81, 0x82, 0x83, 0x84, 0x85}, all_kinds,
                code::protocol_error);
}

TEST_CASE("an empty payload is a protocol error in every phase")
{
    CHECK(opening_answer("") == code::protocol_error);
    CHECK(access_answer("") == code::protocol_error);
    CHECK(request_answer("") == code::protocol_error);
    CHECK(reply_answer("") == code::protocol_error);
}
