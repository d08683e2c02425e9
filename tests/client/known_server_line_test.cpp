#include "client/known_server_line.hpp"

#include "porter/host_key_policy.hpp"
#include "support/catch.hpp"

using porter::is_fingerprint;
using porter::detail::base::timestamp;
using porter::detail::client::day_of;
using porter::detail::client::format_known_server;
using porter::detail::client::known_server;
using porter::detail::client::may_concern;
using porter::detail::client::parse_known_server;
using porter::detail::client::server_name;
using namespace std::chrono_literals;

namespace {

std::string const key = "SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg";
std::string const here = "localhost:7678 ";

}  // namespace

TEST_CASE("a fingerprint is SHA256 and 43 characters of base64")
{
    CHECK(is_fingerprint(key));
    std::string const other = GENERATE(std::string{}, "SHA256:", "sha256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg",
                                       key + "=", key.substr(0, 49), key + "g",
                                       "SHA256:n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg", "MD5" + key.substr(6));
    CAPTURE(other);
    CHECK_FALSE(is_fingerprint(other));
}

TEST_CASE("a server name is the host and port in lower case")
{
    CHECK(server_name("LocalHost", 7678) == "localhost:7678");
    CHECK(server_name("192.0.2.1", 1) == "192.0.2.1:1");
    CHECK(server_name("2001:DB8::1", 65535) == "[2001:db8::1]:65535");
}

TEST_CASE("a day is written year first")
{
    CHECK(day_of(timestamp{1'763'596'799s}) == "2025-11-19");
    CHECK(day_of(timestamp{0s}) == "1970-01-01");
}

TEST_CASE("a known server is written as one line")
{
    known_server const home{"localhost:7678", key, "2026-11-20"};
    CHECK(format_known_server(home) == "localhost:7678 " + key + " 2026-11-20");
    auto const parsed = parse_known_server(format_known_server(home));
    REQUIRE(parsed);
    CHECK(*parsed == home);
}

TEST_CASE("a line may have a note instead of a day or nothing")
{
    auto const noted = parse_known_server("[2001:DB8::1]:7678 " + key + " the one in the cellar, сервер");
    REQUIRE(noted);
    CHECK(noted->name == "[2001:db8::1]:7678");
    CHECK(noted->first_seen == "the one in the cellar, сервер");
    auto const bare = parse_known_server("a:1 " + key);
    REQUIRE(bare);
    CHECK(bare->first_seen.empty());
}

TEST_CASE("a byte order mark and blanks and a CR around a line are ignored")
{
    std::string const bom = "\xef\xbb\xbf";
    std::string const line =
        GENERATE_COPY(here + key + " day\r", bom + here + key + " day", " \t" + here + key + " day",
                      bom + "  localhost:7678 \t " + key + "\tday \t\r", "[LocalHost]:07678 " + key + " day");
    CAPTURE(line);
    auto const parsed = parse_known_server(line);
    REQUIRE(parsed);
    CHECK(*parsed == known_server{"localhost:7678", key, "day"});
}

TEST_CASE("an invalid line concerns each server that it may name")
{
    std::string utf16;
    for (auto const letter : here + key) utf16 += {letter, '\0'};
    std::string const line = GENERATE_COPY(
        here + "SHA256:short", '\0' + here + key, "\xc2\xa0" + here + key, utf16, "@revoked " + here + key,
        "local" + std::string(1, '\0') + "host:7678 " + key, "x" + std::string(1, '\0') + here + key,
        "LOCALHOST " + key, "localhost,b:1 " + key, "b:1 " + key + " x\r" + here + key,
        "b:1 " + key + " day" + here + key, "b:1 " + key + " day[LocalHost]:7678 " + key);
    CAPTURE(line);
    CHECK_FALSE(parse_known_server(line));
    CHECK(may_concern(line, "localhost:7678"));
    CHECK_FALSE(may_concern(line, "zz:7678"));
}

TEST_CASE("an invalid line that names another server does not concern this one")
{
    std::string const line = GENERATE_COPY("localhost:7679 " + key + "x", "mylocalhost:7678 SHA256:short",
                                           "\x01my.localhost:7678 " + key, "garbage", "localhost.example " + key);
    CAPTURE(line);
    CHECK_FALSE(may_concern(line, "localhost:7678"));
    CHECK_FALSE(may_concern("\x01 fe80::1 " + key, "[::1]:7678"));
    CHECK(may_concern("::1 " + key, "[::1]:7678"));
    CHECK(may_concern("::1:7678 " + key, "[::1]:7678"));
}

TEST_CASE("an invalid line has an error text")
{
    std::string const line = GENERATE_COPY(
        std::string{}, " ", "localhost", "localhost:7678", "localhost:7678 ", '\0' + here + key,
        "\xc2\xa0" + here + key, "\xff\xfe" + here + key, "[[a]]:1 " + key, "[a:1 " + key,
        here + key + " x " + here + key, "localhost " + key, ":7678 " + key, "localhost: " + key, "localhost:0 " + key,
        "localhost:65536 " + key, "localhost:76x " + key, "::1:7678 " + key, "[]:7678 " + key, "a\x1b:7678 " + key,
        std::string(300, 'a') + ":7678 " + key, "localhost:7678 " + key + "=", "localhost:7678 SHA256:short",
        "localhost:7678 " + key + " \x1b[2J", "localhost:7678 " + key + " " + std::string(300, 'a'));
    CAPTURE(line);
    auto const parsed = parse_known_server(line);
    REQUIRE_FALSE(parsed);
    CHECK_FALSE(parsed.error().empty());
}

TEST_CASE("a server that would break the file is not written")
{
    known_server server{"localhost:7678", key, "2026-11-20"};
    SECTION("a host with a space")
    {
        server.name = "local host:7678";
    }
    SECTION("a host with a line feed")
    {
        server.name = "localhost\nb:7678";
    }
    SECTION("no fingerprint")
    {
        server.fingerprint.clear();
    }
    SECTION("a day with a line feed")
    {
        server.first_seen = "2026\nb:1 x";
    }
    CHECK(format_known_server(server).empty());
}
