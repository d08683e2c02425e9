#include "base/number.hpp"

#include <cstdint>

#include "support/catch.hpp"

using porter::detail::base::parse_number;

TEST_CASE("a number is the whole text in decimal")
{
    CHECK(parse_number<unsigned>("0") == 0);
    CHECK(parse_number<unsigned>("007") == 7);
    CHECK(parse_number<std::int64_t>("-7") == -7);
    for (auto const* text : {"", " 7", "7 ", "+7", "-7", "0x7", "7.0", "seven"}) {
        INFO(text);
        CHECK_FALSE(parse_number<unsigned>(text));
    }
}

TEST_CASE("a number that does not fit its type is none")
{
    CHECK(parse_number<std::uint16_t>("65535") == 65535);
    CHECK_FALSE(parse_number<std::uint16_t>("65536"));
    CHECK_FALSE(parse_number<std::uint64_t>("18446744073709551616"));
}
