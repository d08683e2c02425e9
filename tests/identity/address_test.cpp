// Promise N11 of SECURITY.md.
#include "identity/address.hpp"

#include "support/catch.hpp"

using porter::detail::identity::address;

namespace {

std::string canonical(std::string_view text)
{
    auto const parsed = address::parse(text);
    return parsed ? parsed->text() : "none";
}

}  // namespace

TEST_CASE("an IPv4 address mapped into IPv6 is the IPv4 address")
{
    CHECK(canonical("::ffff:127.0.0.1") == "127.0.0.1");
    CHECK(canonical("::ffff:7f00:1") == "127.0.0.1");
    CHECK(*address::parse("::ffff:127.0.0.1") == *address::parse("127.0.0.1"));
    CHECK(address::parse("::ffff:192.0.2.7")->network() == "192.0.2.7");
}

TEST_CASE("an IPv6 address has one canonical text")
{
    CHECK(canonical("2001:DB8:0:0:0:0:0:1") == "2001:db8::1");
    CHECK(canonical("2001:db8:0:1:0:0:0:1") == "2001:db8:0:1::1");
    CHECK(canonical("0:0:0:0:0:0:0:1") == "::1");
}

TEST_CASE("a zone index is dropped")
{
    CHECK(canonical("fe80::1%1") == "fe80::1");
    auto const bytes = asio::ip::make_address_v6("fe80::1").to_bytes();
    CHECK(address{asio::ip::address_v6{bytes, 7}}.text() == "fe80::1");
}

TEST_CASE("limits count IPv4 by address and IPv6 by 64 bits")
{
    CHECK(address::parse("192.0.2.7")->network() == "192.0.2.7");
    CHECK(address::parse("2001:db8:0:1:aaaa::1")->network() == "2001:db8:0:1::/64");
    CHECK(address::parse("2001:db8:0:1:bbbb::2")->network() == "2001:db8:0:1::/64");
    CHECK(address::parse("2001:db8:0:2::1")->network() == "2001:db8:0:2::/64");
}

TEST_CASE("loopback is all of 127.0.0.0/8 and ::1 in every spelling")
{
    for (auto const* text : {"127.0.0.1", "127.200.3.4", "::1", "::ffff:127.0.0.1"}) {
        CHECK(address::parse(text)->is_loopback());
    }
    for (auto const* text : {"128.0.0.1", "0.0.0.0", "::", "::2", "192.0.2.7", "::ffff:192.0.2.7"}) {
        CHECK_FALSE(address::parse(text)->is_loopback());
    }
}

TEST_CASE("a text that is not an address is rejected")
{
    for (auto const* text : {"", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", " 127.0.0.1", "127.0.0.1 ",
                             "::1::", "12345::", "127.0.0.1/8", "[::1]"}) {
        CHECK(canonical(text) == "none");
    }
    CHECK(canonical(std::string_view{"127.0.0.1\0x", 11}) == "none");
    CHECK(canonical(std::string(100'000, '1')) == "none");
}
