#include "store/postgres/shared_clock.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using porter::instant;
using porter::detail::store::postgres::shared_clock;

namespace {

/// A clock that a measurement without any delay has set, and the times by which it did. The measurements after it are
/// further apart than the clock's own step interval.
struct clock_fixture {
    using time = shared_clock::steady::time_point;

    clock_fixture() { measure(0ms); }

    /// The database's clock differs from the first measurement's by `error`.
    void measure(std::chrono::milliseconds error, std::chrono::milliseconds round_trip = 0ms)
    {
        clock.correct(database + error, now - round_trip, now);
    }
    void pass(std::chrono::milliseconds by)
    {
        now += by;
        database += by;
    }
    std::chrono::milliseconds error() const { return clock.at(now) - database; }

    shared_clock clock;
    time now = shared_clock::steady::now() + 1h;
    instant database{1'900'000'000'000ms};
};

}  // namespace

TEST_CASE("without a measurement the shared clock is that of the system")
{
    shared_clock const clock;
    auto const before = std::chrono::system_clock::now();
    auto const shown = clock.now_precise();
    auto const after = std::chrono::system_clock::now();
    CHECK(shown >= before - 10s);  // the system's clock may be set while this runs
    CHECK(shown <= after + 10s);
    CHECK(clock.now() <= std::chrono::floor<std::chrono::seconds>(clock.now_precise()));
}

TEST_CASE("the first measurement sets the shared clock to that of the database")
{
    clock_fixture fixture;
    CHECK(fixture.error() >= 0ms);
    CHECK(fixture.error() <= 1ms);
    fixture.pass(10min);
    CHECK(fixture.error() <= 1ms);
}

TEST_CASE("a measurement that allows the present offset changes nothing")
{
    clock_fixture fixture;
    fixture.pass(2s);
    fixture.measure(-30ms, 50ms);  // at most 20 ms ahead or 30 ms behind
    CHECK(fixture.error() >= 0ms);
    CHECK(fixture.error() <= 1ms);
}

TEST_CASE("a measurement corrects to the middle of its round trip")
{
    clock_fixture fixture;
    fixture.pass(2s);
    fixture.measure(5s, 100ms);
    CHECK(fixture.error() >= 5s + 50ms);
    CHECK(fixture.error() <= 5s + 52ms);
}

TEST_CASE("the shared clock is corrected at most once a second")
{
    clock_fixture fixture;
    fixture.pass(2s);
    fixture.measure(5s);
    fixture.pass(999ms);
    fixture.measure(9s);
    CHECK(fixture.error() <= 5s + 1ms);
    fixture.pass(1ms);
    fixture.measure(9s);
    CHECK(fixture.error() >= 9s);
}

TEST_CASE("a small correction back makes the shared clock stand still")
{
    clock_fixture fixture;
    fixture.pass(2s);
    auto const before = fixture.clock.at(fixture.now);
    fixture.measure(-900ms);
    CHECK(fixture.clock.at(fixture.now) == before);
    fixture.pass(800ms);
    CHECK(fixture.clock.at(fixture.now) == before);
    fixture.pass(200ms);
    CHECK(fixture.clock.at(fixture.now) > before);
    CHECK(fixture.error() <= -899ms);
}

TEST_CASE("a large correction back is a step")
{
    clock_fixture fixture;
    fixture.pass(2s);
    fixture.measure(-900ms);
    fixture.pass(2s);
    fixture.measure(-5s);
    CHECK(fixture.error() <= -5s + 1ms);
}
