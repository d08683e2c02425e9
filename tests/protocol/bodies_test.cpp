// Invalid bodies: truncated, too long, out of range, not UTF-8.

#include "protocol/samples.hpp"
#include "support/catch.hpp"

using namespace porter::testing;
using porter::code;
using namespace std::string_literals;

namespace {

std::string body_of(char kind, std::string const& body)
{
    return kind + body;
}

}  // namespace

TEST_CASE("a complete message of every kind is decoded")
{
    for (auto const& sample : samples()) {
        CAPTURE(static_cast<int>(sample.kind));
        CHECK(receiver_code(sample.payload) == code::normal);
    }
}

TEST_CASE("a message truncated anywhere is a protocol error")
{
    for (auto const& sample : samples()) {
        if (has_open_end(sample.kind)) continue;
        for (std::size_t size = 1; size < sample.payload.size(); ++size) {
            CAPTURE(static_cast<int>(sample.kind), size);
            CHECK(receiver_code(sample.payload.substr(0, size)) == code::protocol_error);
        }
    }
}

TEST_CASE("every trailing byte is a protocol error")
{
    for (auto const& sample : samples()) {
        if (has_open_end(sample.kind)) continue;
        for (int byte = 0; byte <= 0xff; ++byte) {
            CAPTURE(static_cast<int>(sample.kind), byte);
            CHECK(receiver_code(sample.payload + static_cast<char>(byte)) == code::protocol_error);
        }
    }
}

TEST_CASE("a string with any length but that of the rest is a protocol error")
{
    for (std::size_t length = 0; length <= 0xffff; ++length) {
        auto const payload = body_of(0x02, {static_cast<char>(length >> 8), static_cast<char>(length), 'a', 'b', 'c'});
        if ((access_code(payload) == code::normal) != (length == 3)) FAIL("length " << length);
        if (length != 3) CHECK(access_code(payload) == code::protocol_error);
    }
}

TEST_CASE("a string of the maximum length is decoded")
{
    auto const longest = std::string(0xffff, 'a');
    auto const payload = encoded(protocol::identify{longest});
    auto const decoded = protocol::decode_access_request(base::as_bytes(payload));
    REQUIRE(decoded);
    CHECK(std::get<protocol::identify>(*decoded).name == longest);
}

TEST_CASE("a string that is not UTF-8 has a code of its own")
{
    auto const bad = "\xc3\x28"s;
    CHECK(opening_code(encoded(protocol::hello{1, bad})) == code::invalid_utf8);
    CHECK(access_code(encoded(protocol::identify{bad})) == code::invalid_utf8);
    CHECK(access_code(encoded(protocol::register_account{bad, "p"})) == code::invalid_utf8);
    CHECK(access_code(encoded(protocol::register_account{"n", bad})) == code::invalid_utf8);
    CHECK(access_code(encoded(protocol::login{bad, "p"})) == code::invalid_utf8);
    CHECK(access_code(encoded(protocol::login{"n", bad})) == code::invalid_utf8);
    CHECK(access_code(encoded(protocol::resume{bad})) == code::invalid_utf8);
    CHECK(access_code(encoded(protocol::redeem{bad, "n", "p"})) == code::invalid_utf8);
    CHECK(access_code(encoded(protocol::redeem{"c", bad, "p"})) == code::invalid_utf8);
    CHECK(access_code(encoded(protocol::redeem{"c", "n", bad})) == code::invalid_utf8);
    CHECK(access_code(encoded(protocol::prove{bad})) == code::invalid_utf8);
    CHECK(request_code(encoded(protocol::change_password{bad, "n"})) == code::invalid_utf8);
    CHECK(request_code(encoded(protocol::change_password{"c", bad})) == code::invalid_utf8);
    CHECK(request_code(encoded(protocol::text{bad})) == code::invalid_utf8);
    CHECK(request_code(encoded(protocol::closing{0, bad})) == code::invalid_utf8);
    CHECK(reply_code(encoded(protocol::denied{1, 2, bad})) == code::invalid_utf8);
    CHECK(request_code(encoded(protocol::data{base::as_bytes(bad)})) == code::normal);
}

TEST_CASE("of two errors the first in the body is reported")
{
    CHECK(access_code("\x04\0\1\xff\0\x09x"s) == code::invalid_utf8);
    CHECK(access_code("\x04\0\x09x\0\1\xff"s) == code::protocol_error);
    CHECK(access_code("\x02\0\1\xff trailing"s) == code::invalid_utf8);
}

TEST_CASE("only the version of a hello of another version is read")
{
    for (int version = 0; version <= 0xff; ++version) {
        if (version == 1) continue;
        for (auto const& rest : {""s, "\0"s, "\xff\xff\xff"s, "\0\1t and more"s}) {
            auto const payload = body_of(0x01, static_cast<char>(version) + rest);
            auto const decoded = protocol::decode_opening(base::as_bytes(payload));
            REQUIRE(decoded);
            auto const& hello = std::get<protocol::hello>(*decoded);
            CHECK(hello.version == version);
            CHECK(hello.agent.empty());
        }
    }
    CHECK(opening_code("\x01"s) == code::protocol_error);
    CHECK(opening_code("\x01\x01\xff\xff\xff"s) == code::protocol_error);
}

TEST_CASE("enumerated fields out of range are a protocol error")
{
    auto const welcome = encoded(protocol::welcome{});
    auto const granted = encoded(protocol::granted{});
    auto sessions = encoded(two_sessions());
    for (int value = 0; value <= 0xff; ++value) {
        CAPTURE(value);
        auto const byte = static_cast<char>(value);
        auto const expected = [&](int last) { return value <= last ? code::normal : code::protocol_error; };
        auto changed = welcome;
        changed[2] = byte;
        CHECK(reply_code(changed) == expected(2));
        changed = granted;
        changed[1] = byte;
        CHECK(reply_code(changed) == expected(6));
        sessions.back() = byte;
        CHECK(reply_code(sessions) == expected(1));
        CHECK(request_code(body_of(0x07, {byte})) == expected(1));
        CHECK(request_code(body_of(0x0c, {byte, 0, 0})) == expected(2));
    }
}

TEST_CASE("a ping and a pong have at most 125 bytes")
{
    for (char kind : {'\x42', '\x43'}) {
        CHECK(request_code(body_of(kind, "")) == code::normal);
        CHECK(request_code(body_of(kind, std::string(125, '\xff'))) == code::normal);
        CHECK(request_code(body_of(kind, std::string(126, 'p'))) == code::protocol_error);
        CHECK(reply_code(body_of(kind, std::string(126, 'p'))) == code::protocol_error);
    }
}

TEST_CASE("text and data may be empty")
{
    CHECK(request_code("\x40"s) == code::normal);
    CHECK(request_code("\x41"s) == code::normal);
}

TEST_CASE("a list of sessions that declares more entries than it has is a protocol error")
{
    CHECK(reply_code("\x85\0\0"s) == code::normal);
    CHECK(reply_code("\x85\0\1"s) == code::protocol_error);
    CHECK(reply_code("\x85\xff\xff"s + std::string(35, '\0')) == code::protocol_error);
    CHECK(reply_code("\x85\0\1"s + std::string(35, '\0')) == code::normal);
}

TEST_CASE("an enrolment that declares more recovery codes than it has is a protocol error")
{
    CHECK(reply_code("\x86\0\0\0"s) == code::normal);
    CHECK(reply_code("\x86\0\0\1"s) == code::protocol_error);
    CHECK(reply_code("\x86\0\0\xff"s + std::string(509, '\0')) == code::protocol_error);
    CHECK(reply_code("\x86\0\0\xff"s + std::string(510, '\0')) == code::normal);
}
