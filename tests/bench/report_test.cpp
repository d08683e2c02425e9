#include "bench/report.hpp"

#include <unistd.h>

#include "bench/server_process.hpp"
#include "support/catch.hpp"

namespace porter::detail::bench {

using namespace std::chrono_literals;

TEST_CASE("a time has three digits and the unit that fits")
{
    CHECK(short_time(0ns) == "0 ns");
    CHECK(short_time(7ns) == "7 ns");
    CHECK(short_time(999ns) == "999 ns");
    CHECK(short_time(1234ns) == "1.23 us");
    CHECK(short_time(9996ns) == "10.0 us");
    CHECK(short_time(85'300ns) == "85.3 us");
    CHECK(short_time(99'960ns) == "100 us");
    CHECK(short_time(999'600ns) == "1.00 ms");
    CHECK(short_time(12s) == "12.0 s");
    CHECK(short_time(90min) == "5400 s");
}

TEST_CASE("the usage of a process is parsed after any name")
{
    auto const* const stat = "77 (a) b (c) 1 2) S 1 77 77 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 9 9 9";
    auto const used = parse_usage(stat, "5000 300 200 10 0 400 0", 100, 4096);
    REQUIRE(used);
    CHECK(used->cpu == 3s);
    CHECK(used->rss == 300 * 4096);
    CHECK_FALSE(parse_usage("", "5000 300", 100, 4096));
    CHECK_FALSE(parse_usage(stat, "", 100, 4096));
    CHECK_FALSE(parse_usage("77 (cut) S 1", "5000 300", 100, 4096));
}

TEST_CASE("a missing process has no usage")
{
    CHECK(usage_of(::getpid()));
    CHECK_FALSE(usage_of(1 << 22));
}

}  // namespace porter::detail::bench
