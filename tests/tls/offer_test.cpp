// The algorithms that both sides offer and accept are fixed (promise N12).
#include <openssl/ssl.h>

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "support/catch.hpp"
#include "tls/contexts.hpp"
#include "tls/raw_peer.hpp"

using namespace porter::testing;
using numbers = std::vector<std::uint16_t>;

namespace {

constexpr std::uint16_t supported_groups = 10;
constexpr std::uint16_t signature_algorithms = 13;
constexpr std::uint16_t supported_versions = 43;

/// A parsed ClientHello (RFC 8446, 4.1.2): its suites, and the lists of numbers in its extensions.
struct client_hello {
    explicit client_hello(porter::detail::base::bytes_view record) : rest_(record)
    {
        skip(5 + 4 + 2 + 32);  // headers of the record and the handshake, version, random
        skip(number(1));       // session id
        auto const suites_size = number(2);
        for (std::size_t i = 0; i < suites_size; i += 2) suites.push_back(static_cast<std::uint16_t>(number(2)));
        skip(number(1));  // compression
        number(2);
        while (!rest_.empty()) {
            auto const type = static_cast<std::uint16_t>(number(2));
            auto const size = number(2);
            extensions[type] = rest_.first(size);
            skip(size);
        }
    }

    /// The extension's list, whose size has `size_bytes` bytes.
    numbers list(std::uint16_t type, std::size_t size_bytes)
    {
        rest_ = extensions.at(type);
        skip(size_bytes);
        numbers found;
        while (!rest_.empty()) found.push_back(static_cast<std::uint16_t>(number(2)));
        return found;
    }

    numbers suites;
    std::map<std::uint16_t, porter::detail::base::bytes_view> extensions;

private:
    void skip(std::size_t size) { rest_ = rest_.subspan(size); }

    std::size_t number(std::size_t size)
    {
        std::size_t value = 0;
        for (std::size_t i = 0; i < size; ++i) value = value << 8 | std::to_integer<std::size_t>(rest_[i]);
        skip(size);
        return value;
    }

    porter::detail::base::bytes_view rest_;
};

/// The alert with which a server rejects a client of these groups; empty: it accepts.
std::string alert_for_groups(char const* groups)
{
    contexts sides;
    tls::engine server{sides.server};
    raw_client client;
    client.offer("porter/1");
    REQUIRE(SSL_CTX_set1_groups_list(client.context(), groups) == 1);
    auto const alert = client.handshake_with(server);
    CHECK(server.is_established() == alert.empty());
    return alert;
}

}  // namespace

TEST_CASE("a client offers the fixed algorithms and no others")
{
    contexts sides;
    tls::engine client{sides.client, "localhost"};
    client.handshake();
    client_hello hello{client.bytes().output()};

    auto const groups = hello.list(supported_groups, 2);
    std::set<std::uint16_t> const allowed{0x0017, 0x0018, 0x001d, 0x11eb, 0x11ec};  // the last two: with ML-KEM
    for (auto const each : groups) CHECK(allowed.contains(each));
    std::set<std::uint16_t> const offered(groups.begin(), groups.end());
    for (std::uint16_t const each : numbers{0x0017, 0x0018, 0x001d}) CHECK(offered.contains(each));

    CHECK(hello.list(supported_versions, 1) == numbers{0x0304});
    CHECK(hello.list(signature_algorithms, 2) == numbers{0x0807, 0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0809,
                                                         0x080a, 0x080b, 0x0401, 0x0501, 0x0601});
    std::erase(hello.suites, 0x00ff);  // signals secure renegotiation (RFC 5746)
    CHECK(hello.suites == numbers{0x1302, 0x1303, 0x1301});
}

TEST_CASE("a server accepts its own groups and rejects all others")
{
    for (auto const* groups : {"X25519", "P-256", "P-384", "ffdhe8192:P-384"}) CHECK(alert_for_groups(groups).empty());
    for (auto const* groups : {"ffdhe2048", "ffdhe8192", "P-521", "X448", "ffdhe3072:X448:P-521"}) {
        CHECK(alert_for_groups(groups) == "handshake failure");
    }
}

TEST_CASE("a server accepts each of its suites and no others")
{
    for (auto const* suite : {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
        contexts sides;
        tls::engine server{sides.server};
        raw_client client;
        client.offer("porter/1");
        REQUIRE(SSL_CTX_set_ciphersuites(client.context(), suite) == 1);
        CHECK(client.handshake_with(server).empty());
        CHECK(server.is_established());
    }
    contexts sides;
    tls::engine server{sides.server};
    raw_client client;
    client.offer("porter/1");
    REQUIRE(SSL_CTX_set_ciphersuites(client.context(), "TLS_AES_128_CCM_SHA256") == 1);
    CHECK_FALSE(client.handshake_with(server).empty());
    CHECK_FALSE(server.is_established());
}
