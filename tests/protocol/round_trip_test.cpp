// Decoding reverses encoding, and the bytes are those of docs/PROTOCOL.md.

#include "protocol/samples.hpp"
#include "support/catch.hpp"

using namespace porter::testing;
using namespace std::string_literals;

namespace {

/// Decodes the payload as its receiver does. The result has views into `payload`.
template <typename Message, typename Set>
Message decoded_as(std::string const& payload, porter::result<Set, porter::code> (*decode)(base::bytes_view))
{
    auto const decoded = decode(base::as_bytes(payload));
    REQUIRE(decoded);
    REQUIRE(std::holds_alternative<Message>(*decoded));
    return std::get<Message>(*decoded);
}

}  // namespace

TEST_CASE("the example of the protocol document is encoded exactly")
{
    CHECK(encoded(protocol::hello{1, "t"}) == "\x01\x01\x00\x01\x74"s);
}

TEST_CASE("numbers are big-endian and strings have a length of two bytes")
{
    CHECK(encoded(protocol::revoke_session{0x0102030405060708}) == "\x09\1\2\3\4\5\6\7\x08"s);
    CHECK(encoded(protocol::denied{0x0102, 0x03040506, "no"}) == "\x83\1\2\3\4\5\6\0\2no"s);
    CHECK(encoded(protocol::closing{9, ""}) == "\x44\0\x09\0\0"s);
    CHECK(encoded(protocol::welcome{1, protocol::access_mode::authenticate, 0x100000, "porterd/1", "Al"}) ==
          "\x81\1\2\0\x10\0\0\0\x09porterd/1\0\2Al"s);
    CHECK(encoded(protocol::granted{protocol::auth_method::login, "Al", 1, "tok", 2, 3, "::1", 4}) ==
          "\x82\4\0\2Al\0\0\0\0\0\0\0\1\0\3tok\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\3::1\0\0\0\4"s);
    CHECK(encoded(two_sessions()).substr(0, 3) == "\x85\0\2"s);
    CHECK(encoded(protocol::done{}) == "\x84"s);
    CHECK(encoded(protocol::text{"hi"}) == "\x40hi"s);
}

TEST_CASE("encoding appends to the string")
{
    auto out = "before"s;
    protocol::encode(protocol::text{"after"}, out);
    CHECK(out ==
          "before\x40"
          "after"s);
}

TEST_CASE("a client's messages before access are decoded as encoded")
{
    auto payload = encoded(protocol::hello{1, "агент/1"});
    auto const hello = decoded_as<protocol::hello>(payload, protocol::decode_opening);
    CHECK(hello.version == 1);
    CHECK(hello.agent == "агент/1");

    payload = encoded(protocol::identify{"Алиса"});
    CHECK(decoded_as<protocol::identify>(payload, protocol::decode_access_request).name == "Алиса");

    payload = encoded(protocol::register_account{"Alice", "pass\0word"s});
    auto const registration = decoded_as<protocol::register_account>(payload, protocol::decode_access_request);
    CHECK(registration.name == "Alice");
    CHECK(registration.password == "pass\0word"s);

    payload = encoded(protocol::login{"Bob", ""});
    auto const login = decoded_as<protocol::login>(payload, protocol::decode_access_request);
    CHECK(login.name == "Bob");
    CHECK(login.password.empty());

    payload = encoded(protocol::resume{"prt_x"});
    CHECK(decoded_as<protocol::resume>(payload, protocol::decode_access_request).token == "prt_x");

    payload = encoded(protocol::redeem{"7K3M-9QWX", "Алиса", "pass"});
    CHECK(payload == "\x0a\0\x09"s + "7K3M-9QWX\0\x0aАлиса\0\x04pass"s);
    auto const redeemed = decoded_as<protocol::redeem>(payload, protocol::decode_access_request);
    CHECK(redeemed.code == "7K3M-9QWX");
    CHECK(redeemed.name == "Алиса");
    CHECK(redeemed.password == "pass");

    payload = encoded(protocol::prove{"123456"});
    CHECK(payload ==
          "\x0b\0\x06"
          "123456"s);
    CHECK(decoded_as<protocol::prove>(payload, protocol::decode_access_request).code == "123456");
}

TEST_CASE("a client's requests after access are decoded as encoded")
{
    auto payload = encoded(protocol::change_password{"old", "new"});
    auto const change = decoded_as<protocol::change_password>(payload, protocol::decode_request);
    CHECK(change.current == "old");
    CHECK(change.new_password == "new");

    for (auto scope : {protocol::logout_scope::session, protocol::logout_scope::account}) {
        payload = encoded(protocol::logout{scope});
        CHECK(decoded_as<protocol::logout>(payload, protocol::decode_request).scope == scope);
    }
    payload = encoded(protocol::list_sessions{});
    decoded_as<protocol::list_sessions>(payload, protocol::decode_request);
    payload = encoded(protocol::revoke_session{0xfedcba9876543210});
    CHECK(decoded_as<protocol::revoke_session>(payload, protocol::decode_request).id == 0xfedcba9876543210);
    payload = encoded(protocol::second_factor{protocol::factor_action::remove, "123456"});
    CHECK(payload ==
          "\x0c\2\0\x06"
          "123456"s);
    auto const factor = decoded_as<protocol::second_factor>(payload, protocol::decode_request);
    CHECK(factor.action == protocol::factor_action::remove);
    CHECK(factor.code == "123456");
}

TEST_CASE("messages of both sides are decoded as encoded on both sides")
{
    auto payload = encoded(protocol::text{"привет"});
    CHECK(decoded_as<protocol::text>(payload, protocol::decode_request).body == "привет");
    CHECK(decoded_as<protocol::text>(payload, protocol::decode_reply).body == "привет");

    auto const bytes = "\xff\0\x80"s;
    payload = encoded(protocol::data{base::as_bytes(bytes)});
    CHECK(base::as_text(decoded_as<protocol::data>(payload, protocol::decode_request).body) == bytes);
    CHECK(base::as_text(decoded_as<protocol::data>(payload, protocol::decode_reply).body) == bytes);
    payload = encoded(protocol::ping{base::as_bytes(bytes)});
    CHECK(base::as_text(decoded_as<protocol::ping>(payload, protocol::decode_request).body) == bytes);
    payload = encoded(protocol::pong{base::as_bytes(bytes)});
    CHECK(base::as_text(decoded_as<protocol::pong>(payload, protocol::decode_reply).body) == bytes);

    payload = encoded(protocol::closing{60'000, "a code of the future"});
    auto const closing = decoded_as<protocol::closing>(payload, protocol::decode_reply);
    CHECK(closing.code == 60'000);
    CHECK(closing.reason == "a code of the future");
    CHECK(decoded_as<protocol::closing>(payload, protocol::decode_opening).code == 60'000);
    CHECK(decoded_as<protocol::closing>(payload, protocol::decode_access_request).code == 60'000);
}

TEST_CASE("a server's messages are decoded as encoded")
{
    auto payload = encoded(protocol::welcome{1, protocol::access_mode::identify, 16 << 20, "porterd/0.1.0", "Алиса"});
    auto const welcome = decoded_as<protocol::welcome>(payload, protocol::decode_reply);
    CHECK(welcome.version == 1);
    CHECK(welcome.access == protocol::access_mode::identify);
    CHECK(welcome.max_frame == 16 << 20);
    CHECK(welcome.server == "porterd/0.1.0");
    CHECK(welcome.known_as == "Алиса");

    payload = encoded(
        protocol::granted{protocol::auth_method::resume, "Алиса", 1ULL << 63, "prt_x", 1, 2, "::1", 0xffffffff});
    auto const granted = decoded_as<protocol::granted>(payload, protocol::decode_reply);
    CHECK(granted.auth_method == protocol::auth_method::resume);
    CHECK(granted.name == "Алиса");
    CHECK(granted.session_id == 1ULL << 63);
    CHECK(granted.token == "prt_x");
    CHECK(granted.expires_at == 1);
    CHECK(granted.last_login_at == 2);
    CHECK(granted.last_address == "::1");
    CHECK(granted.failed_since == 0xffffffff);

    payload = encoded(protocol::denied{20, 5, "no"});
    auto const denied = decoded_as<protocol::denied>(payload, protocol::decode_reply);
    CHECK(denied.code == 20);
    CHECK(denied.retry_after == 5);
    CHECK(denied.reason == "no");

    payload = encoded(protocol::done{});
    decoded_as<protocol::done>(payload, protocol::decode_reply);

    payload = encoded(protocol::enrolment{"otpauth://totp/a", {"one", "two"}});
    CHECK(payload == "\x86\0\x10otpauth://totp/a\2\0\3one\0\3two"s);
    auto const enrolment = decoded_as<protocol::enrolment>(payload, protocol::decode_reply);
    CHECK(enrolment.uri == "otpauth://totp/a");
    CHECK(enrolment.recovery_codes == std::vector<std::string_view>{"one", "two"});
}

TEST_CASE("a list of sessions is decoded as encoded")
{
    auto const payload = encoded(two_sessions());
    auto const list = decoded_as<protocol::sessions>(payload, protocol::decode_reply);
    REQUIRE(list.entries.size() == 2);
    CHECK(list.entries[0].id == 1);
    CHECK(list.entries[0].created_at == 2);
    CHECK(list.entries[0].last_used_at == 3);
    CHECK(list.entries[0].expires_at == 4);
    CHECK(list.entries[0].address == "192.0.2.1");
    CHECK_FALSE(list.entries[0].current);
    CHECK(list.entries[1].id == 5);
    CHECK(list.entries[1].address == "2001:db8::1");
    CHECK(list.entries[1].current);

    protocol::sessions longest;
    longest.entries.resize(0xffff);
    auto const long_payload = encoded(longest);
    CHECK(decoded_as<protocol::sessions>(long_payload, protocol::decode_reply).entries.size() == 0xffff);
}

TEST_CASE("a string that is too long to encode is cut at the end of a code point")
{
    auto const reason_of = [](std::string const& reason) {
        auto const payload = encoded(protocol::closing{0, reason});
        return std::string{decoded_as<protocol::closing>(payload, protocol::decode_reply).reason};
    };
    CHECK(reason_of(std::string(0xffff, 'a')).size() == 0xffff);
    CHECK(reason_of(std::string(0x10000, 'a')).size() == 0xffff);
    CHECK(reason_of(std::string(0xfffe, 'a') + "é").size() == 0xfffe);
    CHECK(reason_of(std::string(0xfffd, 'a') + "é").size() == 0xffff);
    CHECK(reason_of(std::string(0xfffd, 'a') + "€").size() == 0xfffd);
    CHECK(reason_of(std::string(0xfffc, 'a') + "😀").size() == 0xfffc);
}
