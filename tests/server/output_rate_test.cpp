// Output must be read at a minimal rate (promise N14).
#include "server/output_rate.hpp"

#include "support/catch.hpp"

using namespace porter::detail::server;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t rate = 64 * 1024;
constexpr std::size_t MiB = 1024 * 1024;
output_rate::time_point const start{1000s};

/// A pending megabyte, of which the kernel holds a part.
output_rate one_megabyte()
{
    return {start, MiB - 100'000, {5'000, 100'000}, 10s, rate};
}

}  // namespace

TEST_CASE("output without an acknowledgement for the whole time has stalled")
{
    auto output = one_megabyte();
    output.update(start + 9s, MiB - 100'000, {5'000, 100'000});
    CHECK_FALSE(output.has_stalled(start + 9s));
    CHECK(output.has_stalled(start + 10s));
    output.update(start + 9s, MiB - 100'000, {5'001, 99'999});
    CHECK_FALSE(output.has_stalled(start + 18s));
    CHECK(output.has_stalled(start + 19s));
}

TEST_CASE("bytes that only the kernel has taken are no progress")
{
    auto output = one_megabyte();
    output.update(start + 5s, MiB - 200'000, {5'000, 200'000});
    CHECK(output.has_stalled(start + 10s));
}

TEST_CASE("slow output is late after ten seconds and one more for each 64 KiB")
{
    auto output = one_megabyte();
    for (int second = 1; second < 26; ++second) {
        auto const now = start + std::chrono::seconds{second};
        output.update(now, MiB - 100'000, {5'000 + std::uint64_t(second) * 1'600, 100'000});
        CHECK_FALSE(output.has_stalled(now));
        CHECK_FALSE(output.is_late(now));
    }
    CHECK(output.is_late(start + 26s));
}

TEST_CASE("when a piece is acknowledged the next one starts with its own time")
{
    auto output = one_megabyte();
    output.update(start + 20s, 2 * MiB, {5'000 + MiB, 0});
    CHECK(output.started_at() == start + 20s);
    CHECK_FALSE(output.is_late(start + 20s + 41s));
    CHECK(output.is_late(start + 20s + 42s));
}

TEST_CASE("output that is queued later does not extend the time of the current piece")
{
    auto output = one_megabyte();
    output.update(start + 20s, 100 * MiB, {5'000 + 1'000, 0});
    CHECK(output.started_at() == start);
    CHECK(output.is_late(start + 26s));
}
