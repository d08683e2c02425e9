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
        : tls(mode, new_key()), fixture(with_access(access))
    {
        fixture.context.tls = &tls;
    }

    detail::server::tls_acceptor tls;
    server_fixture fixture;
};

/// All that comes until the server has ended the connection, as it is on the wire.
task<std::string> receive_raw(test_client& client)
{
    std::string received;
    std::string some(1000, '\0');
    for (;;) {
        auto const [error, size] =
            co_await client.socket().stream().async_read_some(asio::buffer(some), detail::base::use_tuple);
        if (error) co_return received;
        received.append(some, 0, size);
    }
}

}  // namespace

TEST_CASE("a client over TLS is served like one in plaintext")
{
    tls_server server{GENERATE(tls_mode::automatic, tls_mode::required)};
    server.fixture.run([&]() -> task<void> {
        test_client client{server.fixture.io};
        co_await client.connect_tls(server.fixture.endpoint);
        co_await client.greet();
        co_await client.receive_access();
        co_await client.exchange("hello");
        co_await client.send(wire::closing{});
        auto const more = co_await client.receive();
        CHECK_FALSE(more);
    });
    CHECK(server.fixture.server->defects() == 0);
}

TEST_CASE("plaintext is allowed from loopback only and never when TLS is required")
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

TEST_CASE("a plaintext client where TLS is required gets a plaintext tls_required")
{
    tls_server server{tls_mode::required};
    server.fixture.run([&]() -> task<void> {
        auto client = co_await server.fixture.connected();
        wire::hello hello;
        co_await client.send(hello);
        auto const closed = co_await client.receives_closing(code::tls_required);
        CHECK(closed);
    });
}

TEST_CASE("a session that was opened over TLS is not resumed in plaintext")
{
    tls_server server{tls_mode::automatic, wire::access_mode::authenticate};
    server.fixture.run([&]() -> task<void> {
        test_client first{server.fixture.io};
        co_await first.connect_tls(server.fixture.endpoint);
        co_await first.greet();
        co_await first.register_account("Alice");

        auto plain = co_await server.fixture.greeted();
        wire::resume request;
        request.token = first.token();
        co_await plain.send(request);
        auto const denied = co_await plain.receive<wire::denied>();
        CHECK(denied.code == static_cast<std::uint16_t>(code::tls_required));

        test_client secure{server.fixture.io};  // the session goes on: on loopback the token was not exposed
        co_await secure.connect_tls(server.fixture.endpoint);
        co_await secure.greet();
        co_await secure.resume(first.token());
    });
}

TEST_CASE("with TLS off a ClientHello is a protocol error")
{
    server_fixture fixture;
    fixture.run([&]() -> task<void> {
        auto client = co_await fixture.connected();
        co_await client.send_raw("\x16\x03\x01");
        auto const closed = co_await client.receives_closing(code::protocol_error);
        CHECK(closed);
    });
}

TEST_CASE("a TLS client is closed without a frame before its handshake ends and logged")
{
    tls_server server{tls_mode::automatic};
    server.fixture.run([&]() -> task<void> {
        auto client = co_await server.fixture.connected();
        co_await client.send_raw("\x16\x03\x01");
        while (server.tls.handshake_limiter().taken() == 0) co_await yield();
        server.fixture.server->stop();
        auto const received = co_await receive_raw(client);
        CHECK(received.empty());
    });
    auto const lines = server.fixture.log.events("connection_closed");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].field("code") == "shutting_down");
}

TEST_CASE("a TLS client without a slot is closed without a frame")
{
    detail::server::tls_acceptor tls{tls_mode::automatic, new_key()};
    auto options = open_access();
    options.max_connections = 1;
    server_fixture fixture{options};
    fixture.context.tls = &tls;
    fixture.run([&]() -> task<void> {
        auto admitted = co_await fixture.greeted();
        auto second = co_await fixture.connected();
        co_await second.send_raw("\x16\x03\x01");  // arrives before the server reads, on this same thread
        auto const received = co_await receive_raw(second);
        CHECK(received.empty());
    });
}

TEST_CASE("a failed handshake leaves one line with the address and the reason")
{
    tls_server server{tls_mode::automatic};
    server.fixture.run([&]() -> task<void> {
        auto client = co_await server.fixture.connected();
        co_await client.send_raw(std::string(100, '\x16'));
        co_await receive_raw(client);
    });
    auto const lines = server.fixture.log.events("connection_lost");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].field("address") == "127.0.0.1");
    CHECK(lines[0].field("why") == "TLS handshake: wrong version number");
}

TEST_CASE("while a ClientHello is answered other connections of its worker are served")
{
    tls_server server{tls_mode::automatic};
    hello_gate gate{*server.tls.context()};
    server.fixture.run([&]() -> task<void> {
        auto admitted = co_await server.fixture.admitted();
        test_client second{server.fixture.io};
        auto check = [&]() -> task<void> {
            while (gate.arrivals() == 0) co_await yield();
            co_await admitted.exchange("hello");
            gate.open();
        };
        asio::co_spawn(server.fixture.io, check(), [](std::exception_ptr error) {
            if (error) std::rethrow_exception(error);
        });
        co_await second.connect_tls(server.fixture.endpoint);
        co_await second.greet();
        co_await second.receive<wire::granted>();
    });
}

TEST_CASE("an evicted handshake is closed and its reason logged")
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
        auto const received = co_await receive_raw(slow);
        CHECK(received.empty());
        co_await next.greet();
    });
    auto const lines = fixture.log.events("connection_lost");
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].field("why") == "TLS handshake: too many of them, and this one took longest");
}

TEST_CASE("a peer that disconnects at any byte of its ClientHello leaves one log line")
{
    bool const resets = GENERATE(false, true);
    tls_server server{tls_mode::automatic};
    detail::tls::client_context const context;
    detail::tls::engine client{context, "localhost"};
    client.handshake();
    std::string const hello{detail::base::as_text(client.bytes().output())};
    auto const lines = [&] {
        return server.fixture.log.count("connection_closed") + server.fixture.log.count("connection_lost");
    };
    server.fixture.run([&]() -> task<void> {
        // Every byte at both ends, and some between: a ClientHello with a hybrid key share has 1.5 KiB.
        auto const step = [&](std::size_t at) { return at < 100 || at + 50 > hello.size() ? 1U : 17U; };
        for (std::size_t size = 0; size <= hello.size(); size += step(size)) {
            auto const before = lines();
            auto cut = co_await server.fixture.connected();
            co_await cut.send_raw(hello.substr(0, size));
            if (resets) {
                cut.reset();
            } else {
                cut.socket().close();
            }
            while (lines() == before) co_await yield();
            co_await server.fixture.wait_for_connections(0);
            CHECK(lines() == before + 1);
            CHECK(server.tls.handshake_limiter().taken() == 0);
        }
    });
    CHECK(server.fixture.server->defects() == 0);
}

TEST_CASE("a new key is used for later handshakes")
{
    tls_server server{tls_mode::automatic};
    auto const other = new_key();
    server.fixture.run([&]() -> task<void> {
        test_client before{server.fixture.io};
        co_await before.connect_tls(server.fixture.endpoint);
        auto const old = server.tls.fingerprint();
        server.tls.set_key(other);
        test_client after{server.fixture.io};
        co_await after.connect_tls(server.fixture.endpoint);
        co_await before.greet();
        co_await after.greet();
        CHECK(server.tls.fingerprint() == other.fingerprint());
        CHECK(old != other.fingerprint());
    });
}
