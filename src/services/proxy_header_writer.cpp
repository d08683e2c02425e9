#include "services/proxy_header_writer.hpp"

#include <concepts>
#include <string_view>

namespace porter::detail::services {
namespace {

using namespace std::string_view_literals;

constexpr auto signature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::uint8_t version_2_proxy = 0x21;
constexpr std::uint8_t tcp_over_ipv4 = 0x11;
constexpr std::uint8_t tcp_over_ipv6 = 0x21;

// Types of extensions: sections 2.2.5 and 2.2.6 of the specification, and from 0xE0 on our own.
constexpr std::uint8_t unique_id = 0x05;
constexpr std::uint8_t ssl = 0x20;
constexpr std::uint8_t ssl_version = 0x21;
constexpr std::uint8_t account_name = 0xe0;
constexpr std::uint8_t access_method = 0xe1;
constexpr std::uint8_t session_id = 0xe2;

constexpr std::uint8_t client_ssl = 0x01;  // the client connected over TLS
constexpr std::uint32_t not_verified = 1;  // it has no certificate

template <std::unsigned_integral Number>
void append(std::string& out, Number value)
{
    for (std::size_t i = sizeof value; i-- > 0;) out.push_back(static_cast<char>(value >> 8 * i & 0xff));
}

void append_extension(std::string& out, std::uint8_t type, std::string_view value)
{
    append(out, type);
    append(out, static_cast<std::uint16_t>(value.size()));
    out.append(value);
}

template <typename Address>
void append_bytes(std::string& out, Address const& address)
{
    for (auto const byte : address.to_bytes()) out.push_back(static_cast<char>(byte));
}

asio::ip::address_v6 as_v6(asio::ip::address const& address)
{
    return address.is_v6() ? address.to_v6() : asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4());
}

void append_addresses(std::string& out, asio::ip::tcp::endpoint const& client, asio::ip::tcp::endpoint const& server)
{
    if (client.address().is_v4() && server.address().is_v4()) {
        append_bytes(out, client.address().to_v4());
        append_bytes(out, server.address().to_v4());
    } else {
        append_bytes(out, as_v6(client.address()));
        append_bytes(out, as_v6(server.address()));
    }
    append(out, client.port());
    append(out, server.port());
}

std::string tls_extension()
{
    std::string value;
    append(value, client_ssl);
    append(value, not_verified);
    append_extension(value, ssl_version, "TLSv1.3");
    return value;
}

}  // namespace

proxy_identity identity_of(connection const& client)
{
    proxy_identity identity;
    identity.client = client.peer_endpoint();
    identity.server = client.local_endpoint();
    identity.connection = client.id();
    identity.auth_method = client.auth_method();
    identity.is_tls = client.is_tls();
    if (client.session() != 0) {  // without an account the name is only a claim
        identity.account = client.name();
        identity.session = client.session();
    }
    return identity;
}

std::string proxy_header(proxy_identity const& identity)
{
    std::string body;
    append_addresses(body, identity.client, identity.server);
    append_extension(body, unique_id, std::to_string(identity.connection));
    if (identity.account) append_extension(body, account_name, *identity.account);
    std::string value;
    append(value, static_cast<std::uint8_t>(identity.auth_method));
    append_extension(body, access_method, value);
    if (identity.session) {
        value.clear();
        append(value, *identity.session);
        append_extension(body, session_id, value);
    }
    if (identity.is_tls) append_extension(body, ssl, tls_extension());

    bool const is_ipv4 = identity.client.address().is_v4() && identity.server.address().is_v4();
    std::string header{signature};
    append(header, version_2_proxy);
    append(header, is_ipv4 ? tcp_over_ipv4 : tcp_over_ipv6);
    append(header, static_cast<std::uint16_t>(body.size()));
    return header + body;
}

}  // namespace porter::detail::services
