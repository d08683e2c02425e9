#include "metrics/histogram.hpp"

#include <chrono>
#include <numeric>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using porter::detail::metrics::histogram;

namespace {

std::uint64_t count_of(histogram const& values)
{
    std::uint64_t count = 0;
    for (std::size_t index = 0; index <= histogram::bounds.size(); ++index) count += values.count(index);
    return count;
}

}  // namespace

TEST_CASE("a duration counts for the first bound that it does not exceed")
{
    histogram values;
    values.observe(100us);
    CHECK(values.count(0) == 1);
    values.observe(100'001ns);
    CHECK(values.count(1) == 1);
    values.observe(1s);
    CHECK(values.count(12) == 1);
    values.observe(1s + 1ns);
    CHECK(values.count(13) == 1);
    CHECK(count_of(values) == 4);
}

TEST_CASE("durations beyond the last bound count for no bound")
{
    histogram values;
    values.observe(5s + 1ns);
    values.observe(24h);
    CHECK(values.count(histogram::bounds.size()) == 2);
    CHECK(count_of(values) == 2);
}

TEST_CASE("the sum is exact and a negative duration counts as zero")
{
    histogram values;
    values.observe(1ns);
    values.observe(2s);
    values.observe(-3s);
    CHECK(values.sum() == 2s + 1ns);
    CHECK(values.count(0) == 2);
}
