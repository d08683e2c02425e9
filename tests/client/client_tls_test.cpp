// The client over TLS, and failed handshakes. For the decision about a key see host_key_check_test.cpp.

#include "support/client_scripts.hpp"
#include "support/state_folder.hpp"
#include "tls/contexts.hpp"

using namespace porter;
using namespace porter::testing;
using namespace std::chrono_literals;

namespace {

/// The keys of a server, and a client's known_servers file.
struct tls_fixture {
    state_folder folder;
    contexts keys;
    std::string const fingerprint = keys.key.fingerprint();

    client_options options(porter::host_key_policy policy) const
    {
        client_options options;
        options.host_key_policy = std::move(policy);
        options.known_servers = folder.file("known_servers");
        return options;
    }

    template <typename Client>
    void play_tls(std::vector<step> script, Client client)
    {
        play(std::move(script), client, &keys.server);
    }
};

}  // namespace

TEST_CASE("messages go over TLS and the client has the server's key")
{
    tls_fixture fixture;
    fixture.play_tls(
        {receive(kind::hello), send(open_welcome), send(open_granted), receive(kind::text),
         send(protocol::text{"reply"}), receive(kind::closing), receive_end()},
        [&](scripted_server& server) -> task<void> {
            auto const options = fixture.options(host_key_policy::accept_new);
            auto conn = co_await client::connect(host, server.port(), options);
            REQUIRE(conn);
            CHECK(conn->server_key() == fixture.fingerprint);
            CHECK(conn->trust_source() == trust_source::first_use);
            [[maybe_unused]] auto const result = co_await conn->send("hello");
            auto reply = co_await conn->receive_text();
            CHECK(reply == "reply");
            co_await conn->close();
            auto const name = std::string{host} + ":" + std::to_string(server.port());
            CHECK(fixture.folder.read("known_servers").starts_with(name + " " + fixture.fingerprint + " "));
        });
}

TEST_CASE("over plain TCP there is no key and no trust")
{
    play({receive(kind::hello), send(authenticate)}, [](scripted_server& server) -> task<void> {
        auto conn = co_await connect_plain(server);
        REQUIRE(conn);
        CHECK(conn->server_key().empty());
        CHECK(conn->trust_source() == trust_source::none);
    });
}

TEST_CASE("an unknown server gets a TLS handshake and nothing more")
{
    tls_fixture fixture;
    fixture.play_tls({receive_end()}, [&](scripted_server& server) -> task<void> {
        auto const options = fixture.options(host_key_policy::strict);
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::unknown_server);
        CHECK(conn.error().server_key == fixture.fingerprint);
    });
}

TEST_CASE("a server whose key has changed gets a TLS handshake and nothing more")
{
    tls_fixture fixture;
    auto const before = new_key().fingerprint();
    fixture.play_tls({receive_end()}, [&](scripted_server& server) -> task<void> {
        auto const name = std::string{host} + ":" + std::to_string(server.port());
        fixture.folder.write("known_servers", name + " " + before + "\n");
        auto const options = fixture.options(host_key_policy::accept_new);
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::untrusted);
        CHECK(conn.error().server_key == fixture.fingerprint);
        CHECK(conn.error().known_key == before);
    });
}

TEST_CASE("a client with TLS sends nothing to a server without TLS")
{
    tls_fixture fixture;
    auto const reply = GENERATE(frame_of(open_welcome), frame_of(protocol::closing{1, "no"}));
    play({send_bytes(reply), half_close()}, [&](scripted_server& server) -> task<void> {
        auto const options = fixture.options(host_key_policy::accept_new);
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::protocol);
        CHECK(conn.error().code == code::tls_required);
        CHECK(server.received().empty());
    });
}

TEST_CASE("a plaintext rejection by a full or stopping server may be retried")
{
    tls_fixture fixture;
    auto const reason = GENERATE(code::server_full, code::shutting_down, code::timeout);
    auto const reply = frame_of(protocol::closing{static_cast<std::uint16_t>(reason), "use --plain\x1b[2J"});
    play(
        {send_bytes(reply.substr(0, 3)), send_bytes(reply.substr(3)), half_close()},
        [&](scripted_server& server) -> task<void> {
            auto const options = fixture.options(host_key_policy::accept_new);
            auto conn = co_await client::connect(host, server.port(), options);
            REQUIRE_FALSE(conn);
            CHECK(conn.error().cause == client_errc::closed);
            CHECK(conn.error().code == code::unavailable);
            CHECK_FALSE(conn.error().is_final());
            CHECK(describe(conn.error()).find("plain") == std::string::npos);  // the server's text is not authenticated
        });
}

TEST_CASE("a plaintext reply longer than 1 KiB is a protocol error")
{
    tls_fixture fixture;
    auto const reason = static_cast<std::uint16_t>(code::server_full);
    auto const reply = frame_of(protocol::closing{reason, std::string(2000, 'x')}).substr(0, 100);
    play({send_bytes(reply), receive_end()}, [&](scripted_server& server) -> task<void> {
        auto const options = fixture.options(host_key_policy::accept_new);
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::protocol);
    });
}

TEST_CASE("a plaintext reply that ends early is a lost connection")
{
    tls_fixture fixture;
    play({send_bytes(std::string("\0\0\0\x20\x44", 5)), half_close()}, [&](scripted_server& server) -> task<void> {
        auto const options = fixture.options(host_key_policy::accept_new);
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::lost);
    });
}

TEST_CASE("a plaintext reply that does not arrive in time times out")
{
    tls_fixture fixture;
    auto const beginning = GENERATE(std::string("\0", 1), std::string("\0\0\0\x20\x44", 5));
    play({send_bytes(beginning), read_to_end()}, [&](scripted_server& server) -> task<void> {
        auto options = fixture.options(host_key_policy::accept_new);
        options.timeout = 50ms;
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::timed_out);
    });
}

TEST_CASE("a connection that the server drops in the handshake is lost")
{
    tls_fixture fixture;
    play({hang_up()}, [&](scripted_server& server) -> task<void> {
        auto const options = fixture.options(host_key_policy::accept_new);
        auto conn = co_await client::connect(host, server.port(), options);
        REQUIRE_FALSE(conn);
        CHECK(conn.error().cause == client_errc::lost);
    });
}

TEST_CASE("a handshake without an answer times out")
{
    tls_fixture fixture;
    asio::io_context io;
    base::tcp_acceptor const silent{io,
                                    {asio::ip::address_v4::loopback(), 0}};  // the kernel accepts, the program does not
    auto options = fixture.options(host_key_policy::accept_new);
    options.timeout = 50ms;
    auto const conn = run(client::connect(host, silent.local_endpoint().port(), options));
    REQUIRE_FALSE(conn);
    CHECK(conn.error().cause == client_errc::timed_out);
}
