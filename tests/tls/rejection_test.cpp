#include "support/catch.hpp"
#include "tls/contexts.hpp"
#include "tls/error.hpp"
#include "tls/raw_peer.hpp"

using namespace porter::testing;
using namespace std::string_view_literals;

// Promises N9 and N12: the handshake rejects all but TLS 1.3 with ALPN porter/1, and messages that cost the server more
// than their sender.

TEST_CASE("a client that offers porter/1 among others over TLS 1.3 is accepted")
{
    contexts sides;
    tls::engine server{sides.server};
    raw_client client;
    client.offer("http/1.1");
    std::string const offers{"\x02h2\x08porter/1", 12};
    SSL_CTX_set_alpn_protos(client.context(), reinterpret_cast<unsigned char const*>(offers.data()),
                            static_cast<unsigned int>(offers.size()));
    CHECK(client.handshake_with(server).empty());
    CHECK(server.is_established());
    CHECK(std::string{SSL_get_version(client.session())} == "TLSv1.3");
}

TEST_CASE("TLS 1.2 is rejected with an alert")
{
    contexts sides;
    tls::engine server{sides.server};
    raw_client client;
    client.offer("porter/1");
    SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
    CHECK(client.handshake_with(server) == "protocol version");
    CHECK_FALSE(server.is_established());
    CHECK(server.error().message() == "unsupported protocol");
}

TEST_CASE("a client without ALPN is rejected with an alert")
{
    contexts sides;
    tls::engine server{sides.server};
    raw_client client;
    CHECK(client.handshake_with(server) == "no application protocol");
    CHECK_FALSE(server.is_established());
    CHECK(server.error().message() == "no application protocol");
}

TEST_CASE("a client that offers another protocol is rejected with an alert")
{
    auto const other = GENERATE("porter/2", "h2", "porter/", "PORTER/1");
    contexts sides;
    tls::engine server{sides.server};
    raw_client client;
    client.offer(other);
    CHECK(client.handshake_with(server) == "no application protocol");
    CHECK_FALSE(server.is_established());
    CHECK(server.error().message() == "no application protocol");
}

TEST_CASE("the server sends no session tickets")
{
    contexts sides;
    tls::engine server{sides.server};
    raw_client client;
    client.offer("porter/1");
    int tickets = 0;
    SSL_CTX_set_session_cache_mode(client.context(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_set_app_data(client.context(), &tickets);
    SSL_CTX_sess_set_new_cb(client.context(), [](SSL* session, SSL_SESSION*) {
        ++*static_cast<int*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(session)));
        return 0;
    });
    CHECK(client.handshake_with(server).empty());
    std::size_t size = 0;
    char letter = 0;
    SSL_read_ex(client.session(), &letter, 1, &size);
    CHECK(server.is_established());
    CHECK(tickets == 0);
}

namespace {

/// A client that updates its keys after the handshake.
struct updating_client {
    contexts sides;
    tls::engine server{sides.server};
    raw_client client;
    std::byte letter{};

    updating_client()
    {
        client.offer("porter/1");
        client.handshake_with(server);
    }

    void update_keys(int kind)
    {
        SSL_key_update(client.session(), kind);
        SSL_do_handshake(client.session());
    }

    void send_letter() { SSL_write(client.session(), "x", 1); }

    tls::engine::progress read()
    {
        auto& bytes = server.bytes();
        auto const space = bytes.free_space();
        auto* const output = SSL_get_wbio(client.session());
        auto const size = BIO_read(output, space.data(), static_cast<int>(space.size()));
        bytes.commit(static_cast<std::size_t>(std::max(size, 0)));
        std::size_t decrypted = 0;
        return server.read({&letter, 1}, decrypted);
    }
};

}  // namespace

TEST_CASE("a peer that requests key updates and does not read fails at the output limit")
{
    updating_client peer;
    auto progress = tls::engine::progress::done;
    for (int updates = 0; updates < 100'000 && progress == tls::engine::progress::done; ++updates) {
        peer.update_keys(SSL_KEY_UPDATE_REQUESTED);
        peer.send_letter();
        progress = peer.read();
    }
    CHECK(progress == tls::engine::progress::failed);
    CHECK(peer.server.error() == tls::errc::too_much_output);
    CHECK(peer.server.bytes().output().size() <= tls::ciphertext::output_limit);
}

TEST_CASE("a peer that updates its keys too often without data fails")
{
    updating_client peer;
    for (unsigned i = 0; i < tls::engine::max_key_updates; ++i) peer.update_keys(SSL_KEY_UPDATE_NOT_REQUESTED);
    CHECK(peer.read() == tls::engine::progress::wants_input);
    peer.send_letter();
    CHECK(peer.read() == tls::engine::progress::done);

    for (int i = 0; i < 500; ++i) peer.update_keys(SSL_KEY_UPDATE_NOT_REQUESTED);
    peer.send_letter();
    CHECK(peer.read() == tls::engine::progress::failed);
    CHECK(peer.server.error() == tls::errc::too_many_keys);
    CHECK(peer.server.bytes().has_input());  // the rest was not decrypted
}

TEST_CASE("a client that is asked once for another key share is accepted")
{
    contexts sides;
    tls::engine server{sides.server};
    raw_client client;
    client.offer("porter/1");
    REQUIRE(SSL_CTX_set1_groups_list(client.context(), "X448:X25519") == 1);
    CHECK(client.handshake_with(server).empty());
    CHECK(server.is_established());
}

TEST_CASE("a ClientHello that declares too much is rejected before OpenSSL gets it")
{
    contexts sides;
    tls::engine server{sides.server};
    constexpr auto flight = "\x16\x03\x01\x40\x00\x01\x02\x01\x40"sv;  // 128 KiB, which OpenSSL would accept
    auto const space = server.bytes().free_space();
    std::ranges::copy(porter::detail::base::as_bytes(flight), space.begin());
    server.bytes().commit(flight.size());
    CHECK(server.handshake() == tls::engine::progress::failed);
    CHECK(server.error() == tls::errc::hello_too_large);
}

TEST_CASE("an endless ClientHello in records of one byte is rejected")
{
    contexts sides;
    tls::engine server{sides.server};
    std::string const begin{"\x16\x03\x01\x00\x04\x01\x00\x3f\xf0"sv};
    std::string const more{"\x16\x03\x01\x00\x01x"sv};
    auto progress = tls::engine::progress::wants_input;
    auto next = begin;
    for (int records = 0; records < 100'000 && progress == tls::engine::progress::wants_input; ++records) {
        CHECK_FALSE(server.has_client_hello());
        auto const space = server.bytes().free_space();
        auto const size = std::min(space.size(), next.size());
        std::copy_n(porter::detail::base::as_bytes(next).begin(), size, space.begin());
        server.bytes().commit(size);
        progress = server.handshake();
        next = more;
    }
    CHECK(progress == tls::engine::progress::failed);
    CHECK(server.error() == tls::errc::hello_too_large);
}

TEST_CASE("an end within a ClientHello is the error truncated")
{
    contexts sides;
    tls::engine server{sides.server};
    constexpr auto flight = "\x16\x03\x01"sv;
    auto const space = server.bytes().free_space();
    std::ranges::copy(porter::detail::base::as_bytes(flight), space.begin());
    server.bytes().commit(flight.size());
    CHECK(server.handshake() == tls::engine::progress::wants_input);
    server.bytes().end_input();
    CHECK_FALSE(server.has_client_hello());
    CHECK(server.handshake() == tls::engine::progress::failed);
    CHECK(server.error() == tls::errc::truncated);
}

TEST_CASE("a client whose Finished arrives in two pieces is accepted wherever it is split")
{
    contexts sides;
    for (std::size_t cut = 1; cut < 90; ++cut) {
        tls::engine server{sides.server};
        tls::engine client{sides.client, "localhost"};
        auto const give = [](tls::engine& target, porter::detail::base::bytes_view bytes) {
            auto const space = target.bytes().free_space();
            std::ranges::copy(bytes, space.begin());
            target.bytes().commit(bytes.size());
        };
        client.handshake();
        give(server, client.bytes().output());
        client.bytes().consume(client.bytes().output().size());
        REQUIRE(server.handshake() == tls::engine::progress::wants_input);
        give(client, server.bytes().output());
        server.bytes().consume(server.bytes().output().size());
        REQUIRE(client.handshake() == tls::engine::progress::done);
        auto const flight = client.bytes().output();
        if (cut >= flight.size()) break;
        give(server, flight.first(cut));
        CHECK_FALSE(server.has_client_hello());
        CHECK(server.handshake() == tls::engine::progress::wants_input);
        give(server, flight.subspan(cut));
        CHECK_FALSE(server.has_client_hello());
        CHECK(server.handshake() == tls::engine::progress::done);
    }
}

TEST_CASE("a second ClientHello is checked like the first although it arrives with it")
{
    contexts sides;
    tls::engine server{sides.server};
    raw_client client;
    client.offer("porter/1");
    REQUIRE(SSL_CTX_set1_groups_list(client.context(), "X448:X25519") == 1);
    auto const hello = client.first_flight() + std::string{"\x16\x03\x03\x40\x00\x01\x02\x01\x40"sv};
    auto const space = server.bytes().free_space();
    std::ranges::copy(porter::detail::base::as_bytes(hello), space.begin());
    server.bytes().commit(hello.size());
    CHECK(server.handshake() == tls::engine::progress::wants_input);
    CHECK(server.bytes().input().size() == 9);
    CHECK(server.handshake() == tls::engine::progress::failed);
    CHECK(server.error() == tls::errc::hello_too_large);
}

TEST_CASE("only a ClientHello is accepted after a HelloRetryRequest")
{
    using namespace std::string_view_literals;
    contexts sides;
    auto const [name, bytes] = GENERATE(
        // user_canceled, which OpenSSL ignores in TLS 1.3
        std::pair{"alert", "\x15\x03\x03\x00\x02\x01\x5a"sv},
        std::pair{"fragment", "\x16\x03\x03\x00\x01\x01\x14\x03\x03\x00\x01\x01"sv},
        std::pair{"declared", "\x16\x03\x03\x00\x04\x01\x01\xff\xff\x14\x03\x03\x00\x01\x01"sv},
        std::pair{"data", "\x17\x03\x03\x00\x02hi"sv});
    CAPTURE(name);
    tls::engine server{sides.server};
    raw_client client;
    client.offer("porter/1");
    REQUIRE(SSL_CTX_set1_groups_list(client.context(), "X448:X25519") == 1);
    auto const give = [&](std::string_view flight) {
        auto const space = server.bytes().free_space();
        std::ranges::copy(porter::detail::base::as_bytes(flight), space.begin());
        server.bytes().commit(flight.size());
    };
    give(client.first_flight());
    REQUIRE(server.handshake() == tls::engine::progress::wants_input);
    CHECK_FALSE(server.has_client_hello());
    give(bytes);
    CHECK(server.has_client_hello());
    CHECK(server.handshake() == tls::engine::progress::failed);
}
