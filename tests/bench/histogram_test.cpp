#include "bench/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.hpp"

namespace porter::detail::bench {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST_CASE("an empty histogram has zeros")
{
    histogram const none;
    CHECK(none.count() == 0);
    CHECK(none.at(50) == 0ns);
    CHECK(none.at(100) == 0ns);
    CHECK(none.mean() == 0ns);
}

TEST_CASE("short durations are kept exactly")
{
    histogram times;
    for (int i = 1; i <= 100; ++i) times.record(nanoseconds{i});
    CHECK(times.count() == 100);
    CHECK(times.at(0) == 1ns);
    CHECK(times.at(1) == 1ns);
    CHECK(times.at(1.5) == 2ns);
    CHECK(times.at(50) == 50ns);
    CHECK(times.at(99) == 99ns);
    CHECK(times.at(99.9) == 100ns);
    CHECK(times.mean() == 50ns);
}

TEST_CASE("a percentile is at most one step above the value that sorting gives")
{
    std::mt19937_64 random{7};
    std::lognormal_distribution<double> usual{11, 2};  // around 60 us, with a long tail
    histogram times;
    std::vector<std::int64_t> sorted;
    for (int i = 0; i < 20'000; ++i) {
        sorted.push_back(static_cast<std::int64_t>(usual(random)));
        times.record(nanoseconds{sorted.back()});
    }
    std::ranges::sort(sorted);
    for (auto const percent : {0.1, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99}) {
        auto const rank = static_cast<std::size_t>(std::ceil(percent / 100 * 20'000));
        auto const exact = sorted[rank - 1];
        INFO(percent << " %: " << exact);
        CHECK(times.at(percent).count() >= exact);
        CHECK(times.at(percent).count() <= exact + exact / 128);
    }
    CHECK(times.at(100).count() == sorted.back());
    CHECK(times.greatest().count() == sorted.back());
}

TEST_CASE("the shortest and the longest durations are recorded")
{
    histogram times;
    times.record(nanoseconds::max());
    CHECK(times.at(50) == nanoseconds::max());
    times.record(-1ns);
    times.record(nanoseconds::min());
    CHECK(times.at(50) == 0ns);
    CHECK(times.count() == 3);
}

TEST_CASE("the steps change at each power of two")
{
    for (int power = 0; power < 63; ++power) {
        for (auto const offset : {-1, 0, 1}) {
            auto const value = (std::int64_t{1} << power) + offset;
            histogram times;
            times.record(nanoseconds{value});
            times.record(nanoseconds::max());
            INFO(value);
            CHECK(times.at(50).count() >= value);
            CHECK(times.at(50).count() <= value + value / 128);
        }
    }
}

TEST_CASE("merging two histograms gives one of all values")
{
    histogram one;
    histogram other;
    histogram both;
    for (int i = 0; i < 1000; ++i) {
        auto const value = i * 137us;
        (i % 3 == 0 ? one : other).record(value);
        both.record(value);
    }
    one.merge(other);
    CHECK(one.count() == both.count());
    CHECK(one.mean() == both.mean());
    for (auto const percent : {1.0, 50.0, 99.0, 100.0}) CHECK(one.at(percent) == both.at(percent));
}

}  // namespace porter::detail::bench
