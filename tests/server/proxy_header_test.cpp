// Promise N10 of SECURITY.md.
#include "server/proxy_protocol.hpp"

#include "support/catch.hpp"

using namespace porter::detail::server;
using namespace std::string_literals;

namespace {

std::string const signature = "\r\n\r\n\0\r\nQUIT\n"s;

/// A header of version 2: `command` with the version, `family` with the transport, and a length that may be wrong.
std::string version_2(char command, char family, std::size_t length, std::string const& body)
{
    return signature + command + family + static_cast<char>(length >> 8U) + static_cast<char>(length & 0xffU) + body;
}

std::string version_2(char command, char family, std::string const& body)
{
    return version_2(command, family, body.size(), body);
}

std::string const ipv4_body = "\xc0\x00\x02\x07\xc6\x33\x64\x09\xd9\x03\x1e\x00"s;  // 192.0.2.7:55555 to 198.51.100.9

/// The client's address in the header; "its own": none; "more": incomplete; "malformed".
std::string client_in(std::string const& bytes)
{
    auto const header = parse_proxy_header(bytes);
    if (!header) return "malformed";
    if (!*header) return "more";
    CHECK((*header)->size <= bytes.size());
    return (*header)->client ? (*header)->client->to_string() : "its own";
}

/// The header is taken whole, whatever stands behind it, and is not judged before it is whole.
void check_complete(std::string const& header, std::string const& client)
{
    CHECK(client_in(header) == client);
    auto const with_more = parse_proxy_header(header + "\x16\x03\x01");
    REQUIRE(with_more);
    REQUIRE(*with_more);
    CHECK((*with_more)->size == header.size());
    for (std::size_t size = 0; size < header.size(); ++size) CHECK(client_in(header.substr(0, size)) == "more");
}

}  // namespace

TEST_CASE("a line of version 1 gives the client's address")
{
    check_complete("PROXY TCP4 192.0.2.7 198.51.100.9 55555 7678\r\n", "192.0.2.7");
    check_complete("PROXY TCP6 2001:db8::7 2001:db8::9 0 65535\r\n", "2001:db8::7");
    check_complete(
        "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST_CASE("a line of version 1 with UNKNOWN has no client and its rest is ignored")
{
    check_complete("PROXY UNKNOWN\r\n", "its own");
    check_complete("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "its own");
    check_complete("PROXY UNKNOWN \x01\xff what is this\r\n", "its own");
}

TEST_CASE("a line of version 1 with a wrong or missing or additional word is malformed")
{
    auto const line = GENERATE(
        "TCP4 192.0.2.7 198.51.100.9 1", "TCP4 192.0.2.7 198.51.100.9 1 ", "TCP4 192.0.2.7 198.51.100.9 1 2 ",
        "TCP4 192.0.2.7 198.51.100.9 1 2 3", "TCP4  192.0.2.7 198.51.100.9 1 2", "TCP4 192.0.2.7 198.51.100.9 1 65536",
        "TCP4 192.0.2.7 198.51.100.9 -1 2", "TCP4 192.0.2.7 198.51.100.9 01 2", "TCP4 192.0.2.7 198.51.100.9 1 2x",
        "TCP4 192.0.2.256 198.51.100.9 1 2", "TCP4 192.0.2 198.51.100.9 1 2", "TCP4 2001:db8::7 2001:db8::9 1 2",
        "TCP6 192.0.2.7 198.51.100.9 1 2", "TCP6 fe80::1%lo fe80::2 1 2", "TCP4 localhost localhost 1 2", "TCP4", "",
        "TCP5 192.0.2.7 198.51.100.9 1 2", "UDP4 192.0.2.7 198.51.100.9 1 2", "UNKNOWNS",
        "tcp4 192.0.2.7 198.51.100.9 1 2");
    CHECK(client_in("PROXY "s + line + "\r\n") == "malformed");
}

TEST_CASE("an address of version 1 with a NUL is malformed")
{
    CHECK(client_in("PROXY TCP4 192.0.2.7\0x 198.51.100.9 1 2\r\n"s) == "malformed");
}

TEST_CASE("a line of version 1 ends with CR and LF")
{
    CHECK(client_in("PROXY TCP4 192.0.2.7 198.51.100.9 1 2\n") == "malformed");
    CHECK(client_in("PROXY TCP4 192.0.2.7 198.51.100.9 1 22\n") == "malformed");
    CHECK(client_in("PROXY \n") == "malformed");
    CHECK(client_in("PROXY TCP4 192.0.2.7 198.51.100.9 1 2\rPING\r\n") == "malformed");
}

TEST_CASE("a line of version 1 has 107 bytes at most and a longer one is malformed at once")
{
    auto const unknown = "PROXY UNKNOWN "s;
    auto const longest = unknown + std::string(107 - 2 - unknown.size(), 'x');
    CHECK(client_in(longest + "\r\n") == "its own");
    CHECK(client_in(longest + "x\r\n") == "malformed");
    CHECK(client_in(longest) == "more");
    CHECK(client_in(longest + "xx") == "malformed");
}

TEST_CASE("a header of version 2 gives the client's address")
{
    check_complete(version_2(0x21, 0x11, ipv4_body), "192.0.2.7");
    check_complete(version_2(0x21, 0x21, std::string(15, '\0') + "\x01" + std::string(20, '\0')), "::1");
}

TEST_CASE("extensions after the addresses of version 2 are skipped")
{
    auto const extensions = "\x01\x00\x02h2\x04\x00\x00"s + std::string(500, '\xff');
    check_complete(version_2(0x21, 0x11, ipv4_body + extensions), "192.0.2.7");
}

TEST_CASE("a LOCAL header of version 2 has no client whatever else it contains")
{
    check_complete(version_2(0x20, 0x00, ""), "its own");
    check_complete(version_2(0x20, 0x11, ipv4_body), "its own");
    check_complete(version_2(0x20, 0x7f, "what is this"), "its own");
}

TEST_CASE("a header of version 2 without IP over TCP has no client")
{
    check_complete(version_2(0x21, 0x00, ""), "its own");
    check_complete(version_2(0x21, 0x31, std::string(216, '/')), "its own");
    check_complete(version_2(0x21, 0x32, std::string(216, '/')), "its own");
    check_complete(version_2(0x21, 0x12, ipv4_body), "its own");
}

TEST_CASE("a header of version 2 that is too short for its addresses is malformed")
{
    CHECK(client_in(version_2(0x21, 0x11, ipv4_body.substr(0, 11))) == "malformed");
    CHECK(client_in(version_2(0x21, 0x11, 0, "")) == "malformed");
    CHECK(client_in(version_2(0x21, 0x21, 35, std::string(36, 'x'))) == "malformed");
    CHECK(client_in(version_2(0x21, 0x31, 215, std::string(216, 'x'))) == "malformed");
}

TEST_CASE("an incomplete header of version 2 needs more bytes and one over 4096 bytes is malformed")
{
    CHECK(client_in(version_2(0x21, 0x11, 13, ipv4_body)) == "more");
    CHECK(client_in(version_2(0x21, 0x11, 4080, ipv4_body)) == "more");
    CHECK(client_in(version_2(0x21, 0x11, 4081, ipv4_body)) == "malformed");
    CHECK(client_in(version_2(0x21, 0x11, 0xffff, ipv4_body)) == "malformed");
    CHECK(client_in(version_2(0x20, 0x00, 0xffff, "")) == "malformed");
}

TEST_CASE("a header of version 2 with another version or command or family is malformed")
{
    auto const command = GENERATE(0x00, 0x11, 0x22, 0x2f, 0x31, 0xf1);
    CHECK(client_in(version_2(static_cast<char>(command), 0x11, ipv4_body)) == "malformed");
    auto const family = GENERATE(0x13, 0x1f, 0x41, 0xf1);
    CHECK(client_in(version_2(0x21, static_cast<char>(family), ipv4_body)) == "malformed");
}

TEST_CASE("bytes that are no header are malformed at the first wrong one")
{
    auto const prefix = GENERATE("\x16"s, "\0"s, "GET / HTTP/1.1\r\n"s, "proxy TCP4"s, "PROXYTCP4"s, "PROXX"s,
                                 " PROXY "s, "\r\n\r\n\r\n"s, "\r\n\r\n\0\r\nQUIT\r"s, "\n"s);
    CHECK(client_in(prefix) == "malformed");
}
