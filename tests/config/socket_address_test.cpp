#include "config/socket_address.hpp"

#include "config/fixtures.hpp"

using porter::detail::config::address_rules;
using porter::detail::config::socket_address;

namespace {

constexpr address_rules any{.expected = "an address", .may_be_relative = true};

}  // namespace

TEST_CASE("the address of a socket is a host and a port or a path")
{
    auto const name = socket_address::parse("localhost:0", any);
    REQUIRE(name);
    CHECK(name->host == "localhost");
    CHECK(name->port == 0);
    CHECK(name->path.empty());
    auto const v6 = socket_address::parse("[::1]:7678", any);
    REQUIRE(v6);
    CHECK(v6->host == "::1");
    CHECK(v6->port == 7678);
    auto const local = socket_address::parse("unix:s:1", any);
    REQUIRE(local);
    CHECK(local->host.empty());
    CHECK(local->path == "s:1");
}

TEST_CASE("the rules of an option decide about ports and relative paths")
{
    constexpr address_rules target{.expected = "a target", .least_port = 1};
    auto const no_port = socket_address::parse("localhost:0", target);
    REQUIRE_FALSE(no_port);
    CHECK(no_port.error() == "\"localhost:0\" is not a target");
    auto const relative = socket_address::parse("unix:s", target);
    REQUIRE_FALSE(relative);
    CHECK(relative.error() == "\"unix:s\" is not unix: and the absolute path of a socket, of at most 107 bytes");
    CHECK(socket_address::parse("unix:/s", target));
}

TEST_CASE("a path of a socket that the system cannot take is rejected")
{
    CHECK(socket_address::parse("unix:" + std::string(107, 'x'), any));
    std::string const text =
        GENERATE(std::string{"unix:"}, "unix:" + std::string(108, 'x'), std::string{"unix:a\0b", 8});
    auto const parsed = socket_address::parse(text, any);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().find("is not unix: and the path of a socket") != std::string::npos);
}
