#include "support/catch.hpp"
#include "tls/contexts.hpp"
#include "tls/error.hpp"
#include "tls/raw_peer.hpp"

using namespace porter::testing;

// Promise N9: what is not TLS 1.3 with ALPN porter/1 is refused within the handshake.

TEST_CASE("a client that offers porter/1 among others over TLS 1.3 is let in")
{
    contexts made;
    tls::engine server{made.server};
    raw_client client;
    client.offer("http/1.1");
    std::string const offers{"\x02h2\x08porter/1", 12};
    SSL_CTX_set_alpn_protos(client.context(), reinterpret_cast<unsigned char const*>(offers.data()),
                            static_cast<unsigned int>(offers.size()));
    CHECK(client.talk_to(server).empty());
    CHECK(server.is_established());
    CHECK(std::string{SSL_get_version(client.session())} == "TLSv1.3");
}

TEST_CASE("TLS 1.2 is refused by an alert")
{
    contexts made;
    tls::engine server{made.server};
    raw_client client;
    client.offer("porter/1");
    SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
    CHECK(client.talk_to(server) == "protocol version");
    CHECK_FALSE(server.is_established());
    CHECK(server.error().message() == "unsupported protocol");
}

TEST_CASE("a client without ALPN is refused by an alert")
{
    contexts made;
    tls::engine server{made.server};
    raw_client client;
    CHECK(client.talk_to(server) == "no application protocol");
    CHECK_FALSE(server.is_established());
    CHECK(server.error().message() == "no application protocol");
}

TEST_CASE("a client that offers another protocol is refused by an alert")
{
    auto const other = GENERATE("porter/2", "h2", "porter/", "PORTER/1");
    contexts made;
    tls::engine server{made.server};
    raw_client client;
    client.offer(other);
    CHECK(client.talk_to(server) == "no application protocol");
    CHECK_FALSE(server.is_established());
    CHECK(server.error().message() == "no application protocol");
}

TEST_CASE("no ticket is given to anybody")
{
    contexts made;
    tls::engine server{made.server};
    raw_client client;
    client.offer("porter/1");
    int tickets = 0;
    SSL_CTX_set_session_cache_mode(client.context(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_set_app_data(client.context(), &tickets);
    SSL_CTX_sess_set_new_cb(client.context(), [](SSL* session, SSL_SESSION*) {
        ++*static_cast<int*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(session)));
        return 0;
    });
    CHECK(client.talk_to(server).empty());
    std::size_t size = 0;
    char letter = 0;
    SSL_read_ex(client.session(), &letter, 1, &size);
    CHECK(server.is_established());
    CHECK(tickets == 0);
}

TEST_CASE("a peer that asks for new keys and reads no answer is given up at the limit")
{
    contexts made;
    tls::engine server{made.server};
    raw_client client;
    client.offer("porter/1");
    client.talk_to(server);
    auto& bytes = server.bytes();
    auto* const session = client.session();
    auto progress = tls::engine::progress::wants_input;
    for (int asked = 0; asked < 100'000 && progress == tls::engine::progress::wants_input; ++asked) {
        SSL_key_update(session, SSL_KEY_UPDATE_REQUESTED);
        SSL_do_handshake(session);
        auto* const output = SSL_get_wbio(session);
        auto const room = bytes.room();
        bytes.came(static_cast<std::size_t>(BIO_read(output, room.data(), static_cast<int>(room.size()))));
        std::byte letter{};
        std::size_t size = 0;
        progress = server.read({&letter, 1}, size);
    }
    CHECK(progress == tls::engine::progress::failed);
    CHECK(server.error() == tls::errc::too_much_output);
    CHECK(bytes.output().size() <= tls::ciphertext::output_limit);
}
