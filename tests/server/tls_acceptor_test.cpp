// Promises N9 and N12 of SECURITY.md.
#include "server/tls_acceptor.hpp"

#include "support/catch.hpp"
#include "support/server_fixture.hpp"
#include "tls/contexts.hpp"
#include "tls/hello_gate.hpp"

using namespace porter;
using namespace porter::testing;
namespace wire = detail::protocol;
using detail::identity::address;

namespace {

/// A server with TLS.
struct tls_server {
    explicit tls_server(tls_mode mode, wire::access_mode access = wire::access_mode::open)
        : tls(mode, new_key()), open(with_access(access))
    {
        open.context.tls = &tls;
    }

    detail::server::tls_acceptor tls;
    server_fixture open;
};

/// All that comes until the server has ended the connection, as it is on the wire.
task<std::string> hear_raw(test_client& who)
{
    std::string heard;
    std::string some(1000, '\0');
    for (;;) {
        auto const [error, size] = co_await who.socket().async_read_some(asio::buffer(some), detail::base::use_tuple);
        if (error) co_return heard;
        heard.append(some, 0, size);
    }
}

}  // namespace

TEST_CASE("who comes over TLS is served as in the clear")
{
    tls_server fixture{GENERATE(tls_mode::automatic, tls_mode::required)};
    fixture.open.run([&]() -> task<void> {
        test_client who{fixture.open.io};
        co_await who.connect_tls(fixture.open.endpoint);
        co_await who.greet();
        co_await who.receive_access();
        co_await who.exchange("hello");
        co_await who.send(wire::closing{});
        auto const more = co_await who.receive();
        CHECK_FALSE(more);
    });
    CHECK(fixture.open.server->defects() == 0);
}

TEST_CASE("plain is for loopback alone and with TLS required for nobody")
{
    auto const key = new_key();
    detail::server::tls_acceptor const automatic{tls_mode::automatic, key};
    detail::server::tls_acceptor const required{tls_mode::required, key};
    for (auto const* near : {"127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"}) {
        CHECK(automatic.allows_plaintext(*address::parse(near)));
        CHECK_FALSE(required.allows_plaintext(*address::parse(near)));
    }
    for (auto const* far : {"192.0.2.1", "10.0.0.1", "2001:db8::1", "fe80::1", "::ffff:192.0.2.1", "128.0.0.1"}) {
        CHECK_FALSE(automatic.allows_plaintext(*address::parse(far)));
    }
}

TEST_CASE("who may not speak plain is told tls_required in the clear")
{
    tls_server fixture{tls_mode::required};
    fixture.open.run([&]() -> task<void> {
        auto who = co_await fixture.open.connected();
        wire::hello hello;
        co_await who.send(hello);
        auto const told = co_await who.receives_closing(code::tls_required);
        CHECK(told);
    });
}

TEST_CASE("a session that was opened over TLS is not resumed in the clear")
{
    tls_server fixture{tls_mode::automatic, wire::access_mode::authenticate};
    fixture.open.run([&]() -> task<void> {
        test_client first{fixture.open.io};
        co_await first.connect_tls(fixture.open.endpoint);
        co_await first.greet();
        co_await first.register_account("Alice");

        auto plain = co_await fixture.open.greeted();
        wire::resume request;
        request.token = first.token();
        co_await plain.send(request);
        auto const denied = co_await plain.receive<wire::denied>();
        CHECK(denied.code == static_cast<std::uint16_t>(code::tls_required));

        test_client secure{fixture.open.io};  // it stays, for on loopback nobody has seen the token
        co_await secure.connect_tls(fixture.open.endpoint);
        co_await secure.greet();
        co_await secure.resume(first.token());
    });
}

TEST_CASE("with TLS off a TLS hello is like any other wrong byte")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto who = co_await fixture.connected();
        co_await who.send_raw("\x16\x03\x01");
        auto const told = co_await who.receives_closing(code::protocol_error);
        CHECK(told);
    });
}

TEST_CASE("a TLS client that is refused before its handshake ends is just closed and leaves a line")
{
    tls_server fixture{tls_mode::automatic};
    fixture.open.run([&]() -> task<void> {
        auto who = co_await fixture.open.connected();
        co_await who.send_raw("\x16\x03\x01");
        while (fixture.tls.handshake_limiter().taken() == 0) co_await yield();
        fixture.open.server->stop();
        auto const heard = co_await hear_raw(who);
        CHECK(heard.empty());
    });
    auto const lines = fixture.open.log.events("connection_closed");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].field("code") == "shutting_down");
}

TEST_CASE("a TLS client for whom there is no place is just closed")
{
    detail::server::tls_acceptor tls{tls_mode::automatic, new_key()};
    auto options = open_access();
    options.max_connections = 1;
    server_fixture fixture{options};
    fixture.context.tls = &tls;
    fixture.run([&]() -> task<void> {
        auto inside = co_await fixture.greeted();
        auto late = co_await fixture.connected();
        co_await late.send_raw("\x16\x03\x01");  // it is here before the house looks, which runs on this thread
        auto const heard = co_await hear_raw(late);
        CHECK(heard.empty());
    });
}

TEST_CASE("a failed handshake leaves one line with the address and the reason")
{
    tls_server fixture{tls_mode::automatic};
    fixture.open.run([&]() -> task<void> {
        auto who = co_await fixture.open.connected();
        co_await who.send_raw(std::string(100, '\x16'));
        co_await hear_raw(who);
    });
    auto const lines = fixture.open.log.events("connection_lost");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].field("address") == "127.0.0.1");
    CHECK(lines[0].field("why") == "TLS handshake: wrong version number");
}

TEST_CASE("while a ClientHello is answered sessions on its I/O thread go on")
{
    tls_server fixture{tls_mode::automatic};
    hello_gate gate{*fixture.tls.context()};
    fixture.open.run([&]() -> task<void> {
        auto inside = co_await fixture.open.admitted();
        test_client late{fixture.open.io};
        auto look = [&]() -> task<void> {
            while (gate.arrivals() == 0) co_await yield();
            co_await inside.exchange("hello");
            gate.open();
        };
        asio::co_spawn(fixture.open.io, look(), [](std::exception_ptr error) {
            if (error) std::rethrow_exception(error);
        });
        co_await late.connect_tls(fixture.open.endpoint);
        co_await late.greet();
        co_await late.receive<wire::granted>();
    });
}

TEST_CASE("a handshake that is evicted for another one is closed and says why in the log")
{
    detail::server::tls_acceptor tls{tls_mode::automatic, new_key(), 1, 1};
    server_fixture fixture{open_access()};
    fixture.context.tls = &tls;
    fixture.run([&]() -> task<void> {
        auto slow = co_await fixture.connected();
        co_await slow.send_raw("\x16\x03\x01");
        while (tls.handshake_limiter().taken() == 0) co_await yield();
        test_client next{fixture.io};
        co_await next.connect_tls(fixture.endpoint);
        auto const heard = co_await hear_raw(slow);
        CHECK(heard.empty());
        co_await next.greet();
    });
    auto const lines = fixture.log.events("connection_lost");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].field("why") == "TLS handshake: too many of them, and this one took longest");
}

TEST_CASE("a peer cut off anywhere in a TLS hello leaves nothing but a log line")
{
    bool const resets = GENERATE(false, true);
    tls_server fixture{tls_mode::automatic};
    detail::tls::client_context const context;
    detail::tls::engine client{context, "localhost"};
    client.handshake();
    std::string const hello{detail::base::as_text(client.bytes().output())};
    auto const lines = [&] {
        return fixture.open.log.count("connection_closed") + fixture.open.log.count("connection_lost");
    };
    fixture.open.run([&]() -> task<void> {
        // Each byte at both ends, and some between: with a hybrid key share it has 1.5 KiB.
        auto const step = [&](std::size_t at) { return at < 100 || at + 50 > hello.size() ? 1U : 17U; };
        for (std::size_t size = 0; size <= hello.size(); size += step(size)) {
            auto const before = lines();
            auto cut = co_await fixture.open.connected();
            co_await cut.send_raw(hello.substr(0, size));
            if (resets) {
                cut.reset();
            } else {
                cut.socket().close();
            }
            while (lines() == before) co_await yield();
            co_await fixture.open.wait_for_connections(0);
            CHECK(lines() == before + 1);
            CHECK(fixture.tls.handshake_limiter().taken() == 0);
        }
    });
    CHECK(fixture.open.server->defects() == 0);
}

TEST_CASE("a key that is replaced is used from then on")
{
    tls_server fixture{tls_mode::automatic};
    auto const other = new_key();
    fixture.open.run([&]() -> task<void> {
        test_client before{fixture.open.io};
        co_await before.connect_tls(fixture.open.endpoint);
        auto const old = fixture.tls.fingerprint();
        fixture.tls.set_key(other);
        test_client after{fixture.open.io};
        co_await after.connect_tls(fixture.open.endpoint);
        co_await before.greet();
        co_await after.greet();
        CHECK(fixture.tls.fingerprint() == other.fingerprint());
        CHECK(old != other.fingerprint());
    });
}
