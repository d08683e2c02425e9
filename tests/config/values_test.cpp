#include "config/values.hpp"

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace porter::detail::config {

using namespace std::chrono_literals;

TEST_CASE("a port is a number from 0 to 65535")
{
    CHECK(*parse_port("0") == 0);
    CHECK(*parse_port("7678") == 7678);
    CHECK(*parse_port("65535") == 65535);
    for (auto const* text : {"", " ", "65536", "-1", "+1", "1 ", " 1", "7678x", "x", "0x10", "1.0", "1e3",
                             "18446744073709551616", "99999999999999999999999999", "٣", "\x01", "7\n", "7\r"}) {
        INFO(text);
        CHECK_FALSE(parse_port(text));
    }
    CHECK_FALSE(parse_port(std::string_view{"80\0", 3}));
}

TEST_CASE("the reason states what is valid in one line")
{
    CHECK(parse_port("telnet").error() == "\"telnet\" is not a port: a number from 0 to 65535");
    CHECK(parse_port("\x1b[2J\n").error() == "\"\\x1b[2J\\n\" is not a port: a number from 0 to 65535");
    CHECK(parse_port(std::string(1000, '9')).error().size() < 200);
}

TEST_CASE("a number stays within its bounds")
{
    CHECK(*parse_number("8", 8, 256) == 8);
    CHECK(*parse_number("256", 8, 256) == 256);
    CHECK(parse_number("7", 8, 256).error() == "\"7\" is not a number from 8 to 256");
    CHECK_FALSE(parse_number("257", 8, 256));
    CHECK_FALSE(parse_number("18446744073709551616", 0, std::numeric_limits<std::uint64_t>::max()));
}

TEST_CASE("a duration has a unit or is seconds")
{
    CHECK(*parse_duration("0") == 0s);
    CHECK(*parse_duration("30") == 30s);
    CHECK(*parse_duration("1500ms") == 1500ms);
    CHECK(*parse_duration("2s") == 2s);
    CHECK(*parse_duration("3m") == 3min);
    CHECK(*parse_duration("4h") == 4h);
    CHECK(*parse_duration("30d") == 30 * 24h);
    CHECK(*parse_duration("36500d") == longest_duration);
    for (auto const* text : {"", "s", "d", "1 s", " 1s", "1s ", "1S", "1sec", "1w", "-1s", "1.5s", "1m30s", "36501d",
                             "9223372036854775807", "18446744073709551615d", "99999999999999999999s", "1\n"}) {
        INFO(text);
        CHECK_FALSE(parse_duration(text));
    }
}

TEST_CASE("a size has a binary unit or is bytes")
{
    CHECK(*parse_size("0") == 0);
    CHECK(*parse_size("1000") == 1000);
    CHECK(*parse_size("4KiB") == 4096);
    CHECK(*parse_size("19MiB") == 19U * 1024 * 1024);
    CHECK(*parse_size("2GiB") == 2ULL * 1024 * 1024 * 1024);
    for (auto const* text :
         {"", "KiB", "1 KiB", "1kib", "1KB", "1K", "1B", "-1", "1.5MiB", "17179869184GiB", "18446744073709551616"}) {
        INFO(text);
        CHECK_FALSE(parse_size(text));
    }
}

TEST_CASE("a switch has four spellings for on and for off")
{
    for (auto const* text : {"on", "yes", "true", "1"}) CHECK(*parse_switch(text));
    for (auto const* text : {"off", "no", "false", "0"}) CHECK_FALSE(*parse_switch(text));
    for (auto const* text : {"", "ON", "maybe", "2", "on "}) CHECK_FALSE(parse_switch(text));
}

TEST_CASE("values are written with their largest whole unit")
{
    CHECK(duration_text(0s) == "0s");
    CHECK(duration_text(1ms) == "1ms");
    CHECK(duration_text(90s) == "90s");
    CHECK(duration_text(120s) == "2m");
    CHECK(duration_text(24h * 30) == "30d");
    CHECK(size_text(0) == "0");
    CHECK(size_text(1000) == "1000");
    CHECK(size_text(1024) == "1KiB");
    CHECK(size_text(19 * 1024 * 1024) == "19MiB");
}

TEST_CASE("a value that is written parses to the same value")
{
    std::mt19937_64 random{2026};
    for (int round = 0; round < 20'000; ++round) {
        auto const bytes = random() >> (random() % 64);
        REQUIRE(*parse_size(size_text(bytes)) == bytes);
        std::chrono::milliseconds const time{
            static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(longest_duration.count()))};
        REQUIRE(*parse_duration(duration_text(time)) == time);
    }
}

TEST_CASE("a parser accepts or rejects any text")
{
    std::mt19937 random{2026};
    std::string_view const letters{"0123456789 smhdKMGiB-+.\0\n\xff", 27};
    for (int round = 0; round < 50'000; ++round) {
        std::string text(random() % 24, '\0');
        for (auto& letter : text) letter = letters[random() % letters.size()];
        auto const duration = parse_duration(text);
        auto const size = parse_size(text);
        if (duration) REQUIRE((*duration >= 0ms && *duration <= longest_duration));
        if (!duration) REQUIRE(duration.error().find('\n') == std::string::npos);
        if (!size) REQUIRE(size.error().find('\0') == std::string::npos);
    }
}

}  // namespace porter::detail::config
