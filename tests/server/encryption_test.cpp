// Promises N9 and N12 of SECURITY.md.
#include "server/encryption.hpp"

#include "support/catch.hpp"
#include "support/test_house.hpp"
#include "tls/contexts.hpp"
#include "tls/hello_gate.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = rooms::protocol;
using rooms::identity::address;

namespace {

constexpr auto password = "a horse on a staple";

/// A house that speaks TLS.
struct secure_house {
    explicit secure_house(tls_mode mode, wire::access_mode access = wire::access_mode::open)
        : encryption(mode, new_key()), open(with_access(access))
    {
        open.house.encryption = &encryption;
    }

    rooms::server::encryption encryption;
    test_house open;
};

task<wire::granted> register_account(visitor& who)
{
    co_await who.greet();
    wire::register_account asked;
    asked.name = "Alice";
    asked.password = password;
    co_await who.say(asked);
    auto granted = co_await who.hear<wire::granted>();
    co_return granted;
}

task<void> resume(visitor& who, std::string token)
{
    co_await who.greet();
    wire::resume asked;
    asked.token = token;
    co_await who.say(asked);
}

/// All that comes until the server has ended the connection, as it is on the wire.
task<std::string> hear_raw(visitor& who)
{
    std::string heard;
    std::string some(1000, '\0');
    for (;;) {
        auto const [error, size] = co_await who.socket().async_read_some(asio::buffer(some), rooms::base::use_tuple);
        if (error) co_return heard;
        heard.append(some, 0, size);
    }
}

}  // namespace

TEST_CASE("who comes over TLS is served as in the clear")
{
    secure_house house{GENERATE(tls_mode::automatic, tls_mode::required)};
    auto scene = [&]() -> task<void> {
        visitor who{house.open.io};
        co_await who.connect_securely(house.open.where);
        co_await who.greet();
        co_await who.hear<wire::granted>();
        wire::text text;
        text.body = "hello";
        co_await who.say(text);
        auto const echo = co_await who.hear<wire::text>();
        CHECK(echo.body == "hello");
        wire::closing closing;
        co_await who.say(closing);
        auto const more = co_await who.hear();
        CHECK_FALSE(more);
    };
    house.open.run(scene());
    CHECK(house.open.doorman->defects() == 0);
}

TEST_CASE("plain is for loopback alone and with TLS required for nobody")
{
    auto const key = new_key();
    rooms::server::encryption const automatic{tls_mode::automatic, key};
    rooms::server::encryption const required{tls_mode::required, key};
    for (auto const* near : {"127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"}) {
        CHECK(automatic.allows_plain(*address::parse(near)));
        CHECK_FALSE(required.allows_plain(*address::parse(near)));
    }
    for (auto const* far : {"192.0.2.1", "10.0.0.1", "2001:db8::1", "fe80::1", "::ffff:192.0.2.1", "128.0.0.1"}) {
        CHECK_FALSE(automatic.allows_plain(*address::parse(far)));
    }
}

TEST_CASE("who may not speak plain is told tls_required in the clear")
{
    secure_house house{tls_mode::required};
    auto scene = [&]() -> task<void> {
        visitor who{house.open.io};
        co_await who.connect(house.open.where);
        wire::hello hello;
        co_await who.say(hello);
        auto const told = co_await who.hears_closing(code::tls_required);
        CHECK(told);
    };
    house.open.run(scene());
}

TEST_CASE("a session that was opened over TLS is not resumed in the clear")
{
    secure_house house{tls_mode::automatic, wire::access_mode::authenticate};
    auto scene = [&]() -> task<void> {
        visitor first{house.open.io};
        co_await first.connect_securely(house.open.where);
        auto const granted = co_await register_account(first);
        std::string const token{granted.token};

        visitor plain{house.open.io};
        co_await plain.connect(house.open.where);
        co_await resume(plain, token);
        auto const denied = co_await plain.hear<wire::denied>();
        CHECK(denied.what == static_cast<std::uint16_t>(code::tls_required));

        visitor secure{house.open.io};  // it stays, for on loopback nobody has seen the token
        co_await secure.connect_securely(house.open.where);
        co_await resume(secure, token);
        co_await secure.hear<wire::granted>();
    };
    house.open.run(scene());
}

TEST_CASE("with TLS off a TLS hello is like any other wrong byte")
{
    test_house house;
    auto scene = [&]() -> task<void> {
        visitor who{house.io};
        co_await who.connect(house.where);
        co_await who.say_raw("\x16\x03\x01");
        auto const told = co_await who.hears_closing(code::protocol_error);
        CHECK(told);
    };
    house.run(scene());
}

TEST_CASE("a TLS client that is refused before its handshake ends is just closed and leaves a line")
{
    secure_house house{tls_mode::automatic};
    auto scene = [&]() -> task<void> {
        visitor who{house.open.io};
        co_await who.connect(house.open.where);
        co_await who.say_raw("\x16\x03\x01");
        while (house.encryption.handshake_limiter().taken() == 0) co_await asio::post(house.open.io, use_task);
        house.open.doorman->stop();
        auto const heard = co_await hear_raw(who);
        CHECK(heard.empty());
    };
    house.open.run(scene());
    auto const lines = house.open.log.events("connection_closed");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].field("code") == "shutting_down");
}

TEST_CASE("a TLS client for whom there is no place is just closed")
{
    rooms::server::encryption encryption{tls_mode::automatic, new_key()};
    auto rules = with_access(wire::access_mode::open);
    rules.max_connections = 1;
    test_house house{rules};
    house.house.encryption = &encryption;
    auto scene = [&]() -> task<void> {
        visitor inside{house.io};
        co_await inside.connect(house.where);
        co_await inside.greet();
        visitor late{house.io};
        co_await late.connect(house.where);
        co_await late.say_raw("\x16\x03\x01");  // it is here before the house looks, which runs on this thread
        auto const heard = co_await hear_raw(late);
        CHECK(heard.empty());
    };
    house.run(scene());
}

TEST_CASE("a failed handshake leaves one line with the address and the reason")
{
    secure_house house{tls_mode::automatic};
    auto scene = [&]() -> task<void> {
        visitor who{house.open.io};
        co_await who.connect(house.open.where);
        co_await who.say_raw(std::string(100, '\x16'));
        co_await hear_raw(who);
    };
    house.open.run(scene());
    auto const lines = house.open.log.events("connection_lost");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].field("address") == "127.0.0.1");
    CHECK(lines[0].field("why") == "TLS handshake: wrong version number");
}

TEST_CASE("while a ClientHello is answered sessions on its I/O thread go on")
{
    secure_house house{tls_mode::automatic};
    hello_gate gate{*house.encryption.context()};
    auto scene = [&]() -> task<void> {
        visitor inside{house.open.io};
        co_await inside.connect(house.open.where);
        co_await inside.greet();
        co_await inside.hear<wire::granted>();
        visitor late{house.open.io};
        auto look = [&]() -> task<void> {
            while (gate.arrivals() == 0) co_await asio::post(house.open.io, use_task);
            wire::text text;
            text.body = "hello";
            co_await inside.say(text);
            auto const echo = co_await inside.hear<wire::text>();
            CHECK(echo.body == "hello");
            gate.open();
        };
        asio::co_spawn(house.open.io, look(), [](std::exception_ptr error) {
            if (error) std::rethrow_exception(error);
        });
        co_await late.connect_securely(house.open.where);
        co_await late.greet();
        co_await late.hear<wire::granted>();
    };
    house.open.run(scene());
}

TEST_CASE("a handshake that is evicted for another one is closed and says why in the log")
{
    rooms::server::encryption encryption{tls_mode::automatic, new_key(), 1, 1};
    test_house house{with_access(wire::access_mode::open)};
    house.house.encryption = &encryption;
    auto scene = [&]() -> task<void> {
        visitor slow{house.io};
        co_await slow.connect(house.where);
        co_await slow.say_raw("\x16\x03\x01");
        while (encryption.handshake_limiter().taken() == 0) co_await asio::post(house.io, use_task);
        visitor next{house.io};
        co_await next.connect_securely(house.where);
        auto const heard = co_await hear_raw(slow);
        CHECK(heard.empty());
        co_await next.greet();
    };
    house.run(scene());
    auto const lines = house.log.events("connection_lost");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].field("why") == "TLS handshake: too many of them, and this one took longest");
}

TEST_CASE("a peer cut off anywhere in a TLS hello leaves nothing but a log line")
{
    bool const resets = GENERATE(false, true);
    secure_house house{tls_mode::automatic};
    rooms::tls::client_context const context;
    rooms::tls::engine client{context, "localhost"};
    client.handshake();
    std::string const hello{rooms::base::as_text(client.bytes().output())};
    auto const lines = [&] {
        return house.open.log.count("connection_closed") + house.open.log.count("connection_lost");
    };
    auto scene = [&]() -> task<void> {
        // Each byte at both ends, and some between: with a hybrid key share it has 1.5 KiB.
        auto const step = [&](std::size_t at) { return at < 100 || at + 50 > hello.size() ? 1U : 17U; };
        for (std::size_t size = 0; size <= hello.size(); size += step(size)) {
            auto const before = lines();
            visitor cut{house.open.io};
            co_await cut.connect(house.open.where);
            co_await cut.say_raw(hello.substr(0, size));
            if (resets) {
                cut.vanish();
            } else {
                cut.socket().close();
            }
            while (lines() == before) co_await asio::post(house.open.io, use_task);
            while (house.open.doorman->connections() != 0) co_await asio::post(house.open.io, use_task);
            CHECK(lines() == before + 1);
            CHECK(house.encryption.handshake_limiter().taken() == 0);
        }
    };
    house.open.run(scene());
    CHECK(house.open.doorman->defects() == 0);
}

TEST_CASE("a key that is replaced is used from then on")
{
    secure_house house{tls_mode::automatic};
    auto const other = new_key();
    auto scene = [&]() -> task<void> {
        visitor before{house.open.io};
        co_await before.connect_securely(house.open.where);
        auto const old = house.encryption.fingerprint();
        house.encryption.use(other);
        visitor after{house.open.io};
        co_await after.connect_securely(house.open.where);
        co_await before.greet();
        co_await after.greet();
        CHECK(house.encryption.fingerprint() == other.fingerprint());
        CHECK(old != other.fingerprint());
    };
    house.open.run(scene());
}
