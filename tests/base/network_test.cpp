#include "base/network.hpp"

#include "support/catch.hpp"

using porter::detail::base::network;

namespace {

bool contains(std::string_view range, std::string const& address)
{
    auto const parsed = network::parse(range);
    REQUIRE(parsed);
    return parsed->contains(asio::ip::make_address(address));
}

}  // namespace

TEST_CASE("a network contains the addresses with its first bits and no others")
{
    CHECK(contains("10.0.0.0/8", "10.255.1.2"));
    CHECK_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
    CHECK(contains("192.0.2.128/25", "192.0.2.129"));
    CHECK_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
    CHECK(contains("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
    CHECK(contains("0.0.0.0/0", "203.0.113.9"));
    CHECK_FALSE(contains("0.0.0.0/0", "::1"));
    CHECK(contains("::/0", "::1"));
}

TEST_CASE("a bare address is a network of one")
{
    CHECK(contains("127.0.0.1", "127.0.0.1"));
    CHECK_FALSE(contains("127.0.0.1", "127.0.0.2"));
    CHECK(contains("::1", "::1"));
}

TEST_CASE("IPv4 mapped into IPv6 is IPv4 in a network and in an address")
{
    CHECK(contains("127.0.0.0/8", "::ffff:127.0.0.1"));
    CHECK(contains("::ffff:127.0.0.0/104", "127.9.9.9"));
    CHECK_FALSE(contains("::/0", "::ffff:127.0.0.1"));
}

TEST_CASE("text that is not in CIDR notation is rejected")
{
    auto const text =
        GENERATE("", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/ 8", "10.0.0.0/8 ",
                 "10.0.0/8", "localhost", "10.0.0.0/8/8", "fe80::%lo/64", "10.0.0.0/255.0.0.0", "*");
    CHECK_FALSE(network::parse(text));
}

TEST_CASE("an address with bits set after its prefix is rejected")
{
    CHECK_FALSE(network::parse("10.0.0.1/8"));
    CHECK_FALSE(network::parse("2001:db8::1/32"));
}

TEST_CASE("the site of an IPv6 /64 is its /48 and the site of any other network is the network itself")
{
    CHECK(porter::detail::base::site_of("2001:db8:1:2::/64") == "2001:db8:1::/48");
    CHECK(porter::detail::base::site_of("::/64") == "::/48");
    CHECK(porter::detail::base::site_of("192.0.2.7") == "192.0.2.7");
    CHECK(porter::detail::base::site_of("x/64") == "x/64");
}

TEST_CASE("the enclosing network of an address has its bits after the prefix cleared")
{
    auto const text_of = [](std::string_view text) {
        auto const parsed = network::parse_enclosing(text);
        return parsed ? parsed->text() : std::string{"none"};
    };
    CHECK(text_of("192.0.2.7") == "192.0.2.7");
    CHECK(text_of("192.0.2.7/32") == "192.0.2.7");
    CHECK(text_of("192.0.2.7/24") == "192.0.2.0/24");
    CHECK(text_of("192.0.2.129/25") == "192.0.2.128/25");
    CHECK(text_of("255.255.255.255/0") == "0.0.0.0/0");
    CHECK(text_of("2001:DB8:0:1::7/64") == "2001:db8:0:1::/64");
    CHECK(text_of("2001:db8:ffff::/33") == "2001:db8:8000::/33");
    CHECK(text_of("::ffff:192.0.2.7/120") == "192.0.2.0/24");
    CHECK(text_of("::ffff:192.0.2.7") == "192.0.2.7");
    CHECK(text_of("192.0.2.7/33") == "none");
    CHECK(text_of("example.org") == "none");
}
