#include "monitoring/host_check.hpp"

#include "support/catch.hpp"

using porter::detail::monitoring::is_address_or_localhost;

TEST_CASE("an address and localhost name a server with and without a port")
{
    for (auto const* const each :
         {"127.0.0.1", "127.0.0.1:9678", "[::1]:9678", "[::1]", "localhost", "localhost:1", "192.0.2.7:80", ""}) {
        CHECK(is_address_or_localhost(each));
    }
}

TEST_CASE("other names may be those of a foreign page")
{
    for (auto const* const each : {"example.com", "example.com:9678", "localhost.example.com", "127.0.0.1.example.com",
                                   ":9678", "[", "[]", "[example.com]:1", "127.0.0.1\x01"}) {
        CHECK_FALSE(is_address_or_localhost(each));
    }
}
