// The header that forward sends, read by the server's own parser and field by field.
#include <map>

#include "server/proxy_protocol.hpp"
#include "services/proxy_header_writer.hpp"
#include "support/catch.hpp"

using namespace porter::detail;
using namespace std::string_literals;
using services::proxy_identity;

namespace {

asio::ip::tcp::endpoint at(char const* address, std::uint16_t port)
{
    return {asio::ip::make_address(address), port};
}

proxy_identity identity_between(asio::ip::tcp::endpoint client, asio::ip::tcp::endpoint server)
{
    proxy_identity identity;
    identity.client = client;
    identity.server = server;
    identity.connection = 42;
    return identity;
}

/// The extensions by type; `addresses`: bytes before them.
std::map<int, std::string> extensions_of(std::string const& header, std::size_t addresses)
{
    std::map<int, std::string> found;
    auto const byte = [&](std::size_t at) { return static_cast<unsigned char>(header.at(at)); };
    for (std::size_t at = 16 + addresses; at < header.size();) {
        auto const size = static_cast<std::size_t>(byte(at + 1) << 8 | byte(at + 2));
        found[byte(at)] = header.substr(at + 3, size);
        REQUIRE(found[byte(at)].size() == size);
        at += 3 + size;
    }
    return found;
}

server::proxy_header parsed(std::string const& header)
{
    auto const read = server::parse_proxy_header(header);
    REQUIRE(read);
    REQUIRE(*read);
    CHECK((*read)->size == header.size());
    CHECK(header[12] == '\x21');
    return **read;
}

}  // namespace

TEST_CASE("the header has the addresses and ports of both sides")
{
    auto const is_v6 = GENERATE(false, true);
    auto const client = is_v6 ? at("2001:db8::7", 55555) : at("192.0.2.7", 55555);
    auto const server = is_v6 ? at("2001:db8::9", 7678) : at("198.51.100.9", 7678);
    auto const header = services::proxy_header(identity_between(client, server));
    CHECK(header[13] == (is_v6 ? '\x21' : '\x11'));
    auto const read = parsed(header);
    CHECK(read.client == client.address());
    CHECK(read.client_port == 55555);
    CHECK(read.server == server);
}

TEST_CASE("of two families the IPv4 address is mapped")
{
    auto const read = parsed(services::proxy_header(identity_between(at("192.0.2.7", 1), at("2001:db8::9", 2))));
    CHECK(read.client->to_string() == "::ffff:192.0.2.7");
    CHECK(read.server == at("2001:db8::9", 2));
}

TEST_CASE("without an account and TLS the header has the number and the way of access alone")
{
    auto const header = services::proxy_header(identity_between(at("192.0.2.7", 1), at("192.0.2.9", 2)));
    std::map<int, std::string> const expected{{0x05, "42"}, {0xe1, "\0"s}};
    CHECK(extensions_of(header, 12) == expected);
}

TEST_CASE("an account has its name and its session in the header and TLS its version")
{
    auto identity = identity_between(at("2001:db8::7", 1), at("2001:db8::9", 2));
    identity.account = "Алиса";
    identity.auth_method = porter::auth_method::login;
    identity.session = 0x0102030405060708;
    identity.is_tls = true;
    auto const header = services::proxy_header(identity);
    parsed(header);
    std::map<int, std::string> const expected{{0x05, "42"},
                                              {0x20, "\x01\0\0\0\x01\x21\0\x07TLSv1.3"s},
                                              {0xe0, "Алиса"},
                                              {0xe1, "\x04"},
                                              {0xe2, "\x01\x02\x03\x04\x05\x06\x07\x08"}};
    CHECK(extensions_of(header, 36) == expected);
}
