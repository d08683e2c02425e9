#include "config/host.hpp"

#include "support/catch.hpp"

using porter::detail::config::parse_host;
using porter::detail::config::split_host_and_port;

TEST_CASE("a host is a name or an address and IPv6 may be in brackets")
{
    for (auto const* text : {"localhost", "example.org", "192.0.2.7", "::1", "2001:db8::7", "fe80::1%lo", "a_b"}) {
        INFO(text);
        REQUIRE(parse_host(text));
        CHECK(*parse_host(text) == text);
        CHECK_FALSE(split_host_and_port(text));
    }
    CHECK(*parse_host("[::1]") == "::1");
}

TEST_CASE("text that is not a host is rejected with what is valid")
{
    for (auto const* text : {"", " ", "a b", "a\n", "\xd0\xb0", "http://localhost", "localhost:", ":7678", "a:b:c",
                             "[::1]:7678", "localhost:0", "localhost:65536", "[[2]]", "[a]b[c]", "a]"}) {
        INFO(text);
        CHECK_FALSE(parse_host(text));
    }
    CHECK(parse_host("localhost:7678").error() ==
          "\"localhost:7678\" is not a host: a name or an IP address, without a port");
}

TEST_CASE("a host with a port is not taken for an IPv6 address")
{
    auto const name = split_host_and_port("localhost:7678");
    REQUIRE(name);
    CHECK(name->host == "localhost");
    CHECK(name->port == 7678);
    auto const address = split_host_and_port("[2001:db8::7]:7678");
    REQUIRE(address);
    CHECK(address->host == "2001:db8::7");
    for (auto const* text :
         {"2001:db8::7678", "localhost:", "localhost:x", ":7678", "[::1]", "http://localhost:7678"}) {
        INFO(text);
        CHECK_FALSE(split_host_and_port(text));
    }
}
