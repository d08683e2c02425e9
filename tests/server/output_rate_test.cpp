// Output has to leave at a rate, as a frame has to arrive (promise N14).
#include "server/output_rate.hpp"

#include "support/catch.hpp"

using namespace porter::detail::server;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t rate = 64 * 1024;
constexpr std::size_t MiB = 1024 * 1024;
output_rate::time_point const start{1000s};

/// A megabyte waits, of which our system holds a part.
output_rate one_megabyte()
{
    return {start, MiB - 100'000, {5'000, 100'000}, 10s, rate};
}

}  // namespace

TEST_CASE("output of which nothing is acknowledged for the whole time has stalled")
{
    auto pace = one_megabyte();
    pace.update(start + 9s, MiB - 100'000, {5'000, 100'000});
    CHECK_FALSE(pace.has_stalled(start + 9s));
    CHECK(pace.has_stalled(start + 10s));
    pace.update(start + 9s, MiB - 100'000, {5'001, 99'999});
    CHECK_FALSE(pace.has_stalled(start + 18s));
    CHECK(pace.has_stalled(start + 19s));
}

TEST_CASE("what our system takes into its own buffers is no progress")
{
    auto pace = one_megabyte();
    pace.update(start + 5s, MiB - 200'000, {5'000, 200'000});
    CHECK(pace.has_stalled(start + 10s));
}

TEST_CASE("output that dribbles out is late after ten seconds and one more for each 64 KiB")
{
    auto pace = one_megabyte();
    for (int second = 1; second < 26; ++second) {
        auto const now = start + std::chrono::seconds{second};
        pace.update(now, MiB - 100'000, {5'000 + std::uint64_t(second) * 1'600, 100'000});
        CHECK_FALSE(pace.has_stalled(now));
        CHECK_FALSE(pace.is_late(now));
    }
    CHECK(pace.is_late(start + 26s));
}

TEST_CASE("when a piece has left the next one gets a time of its own")
{
    auto pace = one_megabyte();
    pace.update(start + 20s, 2 * MiB, {5'000 + MiB, 0});
    CHECK(pace.started_at() == start + 20s);
    CHECK_FALSE(pace.is_late(start + 20s + 41s));
    CHECK(pace.is_late(start + 20s + 42s));
}

TEST_CASE("what is added meanwhile does not make the piece that was pending later")
{
    auto pace = one_megabyte();
    pace.update(start + 20s, 100 * MiB, {5'000 + 1'000, 0});
    CHECK(pace.started_at() == start);
    CHECK(pace.is_late(start + 26s));
}
