#include "bench/schedule.hpp"

#include <algorithm>
#include <vector>

#include "bench/recorder.hpp"
#include "support/catch.hpp"

namespace porter::detail::bench {

using namespace std::chrono_literals;

namespace {

moment const start = moment{} + 5s;

}  // namespace

TEST_CASE("messages are planned at equal distances")
{
    schedule const thousand{1000, start};
    CHECK(thousand.planned(0) == start);
    CHECK(thousand.planned(1) == start + 1ms);
    CHECK(thousand.planned(3'600'000) == start + 1h);
}

TEST_CASE("a message is due from its moment on")
{
    schedule const thousand{1000, start};
    CHECK(thousand.due(start - 1ns) == 0);
    CHECK(thousand.due(start) == 1);
    CHECK(thousand.due(start + 1ms - 1ns) == 1);
    CHECK(thousand.due(start + 1ms) == 2);
    CHECK(thousand.due(start + 10s) == 10'001);
}

TEST_CASE("due and planned agree")
{
    for (auto const rate : {0.3, 1.0, 3.0, 7.7, 999.0, 123'457.0, 9'999'999.0}) {
        schedule const any{rate, start, 1, 3};
        for (std::uint64_t index = 0; index < 2'000; ++index) {
            INFO(rate << " a second, message " << index);
            REQUIRE(any.due(any.planned(index)) > index);
            REQUIRE(any.due(any.planned(index) - 1ns) <= index);
        }
    }
}

TEST_CASE("lanes share the messages of one schedule")
{
    schedule const whole{500, start};
    std::vector<moment> shared;
    for (std::uint64_t lane = 0; lane < 4; ++lane) {
        schedule const part{500, start, lane, 4};
        for (std::uint64_t index = 0; index < 25; ++index) shared.push_back(part.planned(index));
    }
    std::ranges::sort(shared);
    for (std::uint64_t index = 0; index < 100; ++index) CHECK(shared[index] == whole.planned(index));
}

TEST_CASE("a stall of the server counts in the latencies of all messages scheduled during it")
{
    // 1,000 a second; the server answers nothing during the second second, and all at once at its end.
    schedule const thousand{1000, start};
    recorder results{{start, start + 2s}, true};
    for (std::uint64_t index = 0; index < 2000; ++index) {
        auto const planned = thousand.planned(index);
        results.record(planned, std::max(planned + 100us, planned < start + 1s ? planned : start + 2s));
    }
    CHECK(results.latencies().count() == 2000);
    CHECK(results.latencies().at(50) <= 1ms);
    CHECK(results.latencies().at(75) >= 490ms);
    CHECK(results.latencies().at(99) >= 970ms);
    CHECK(results.done_within() == 1000);
}

TEST_CASE("a closed loop counts replies within the window")
{
    recorder results{{start, start + 1s}, false};
    results.record(start - 2ms, start - 1ms);
    results.record(start - 1ms, start);
    results.record(start + 1s - 2ms, start + 1s - 1ns);
    results.record(start + 1s - 2ms, start + 1s);
    CHECK(results.done() == 4);
    CHECK(results.done_within() == 2);
    CHECK(results.latencies().count() == 2);
    CHECK(results.latencies().at(100) == 2ms - 1ns);
}

TEST_CASE("an open loop counts messages scheduled within the window however late the reply")
{
    recorder results{{start, start + 1s}, true};
    results.record(start - 1ms, start + 1ms);
    results.record(start, start + 9s);
    CHECK(results.done_within() == 1);
    CHECK(results.latencies().count() == 1);
    CHECK(results.latencies().at(100) == 9s);
}

}  // namespace porter::detail::bench
