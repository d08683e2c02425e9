// The memory of frames that are not whole and of output that is not taken is bounded (promise N14).
#include "server/buffer_limiter.hpp"

#include <deque>

#include "support/catch.hpp"

using namespace porter::rooms::server;
using namespace std::chrono_literals;
using share = buffer_limiter::share;

namespace {

buffer_limiter::time_point const start{1000s};
auto const not_slow = buffer_limiter::time_point::max();

}  // namespace

TEST_CASE("what is reserved is held until the share ends")
{
    buffer_limiter limiter{1000, 1000, 2s};
    {
        share one{limiter, "192.0.2.1"};
        CHECK(one.reserve(600, start));
        CHECK(one.reserve(500, start));
        CHECK(limiter.held() == 600);
        share other{limiter, "192.0.2.2"};
        CHECK_FALSE(other.reserve(401, start));
        CHECK(other.reserve(400, start));
    }
    CHECK(limiter.held() == 0);
}

TEST_CASE("a connection that gets no memory gets it when another one has given its own back")
{
    buffer_limiter limiter{1000, 0, 2s};
    share waiting{limiter, "192.0.2.1"};
    {
        share busy{limiter, "192.0.2.2"};
        REQUIRE(busy.reserve(800, start));
        CHECK_FALSE(waiting.reserve(500, start));
        CHECK_FALSE(busy.is_evicted());
        busy.update(100, not_slow);
        CHECK(waiting.reserve(500, start));
    }
    CHECK(limiter.held() == 500);
}

TEST_CASE("for one that waits the peer that has been slow longest goes and no other")
{
    buffer_limiter limiter{1000, 0, 2s};
    share slow{limiter, "192.0.2.1"};
    share slower{limiter, "192.0.2.1"};
    share waiting{limiter, "192.0.2.2"};
    slow.update(500, start + 1s);
    slower.update(500, start);
    CHECK_FALSE(waiting.reserve(400, start + 2s));
    CHECK_FALSE(slower.is_evicted());  // for exactly the patience, not longer
    CHECK_FALSE(waiting.reserve(400, start + 2s + 1ms));
    CHECK(slower.is_evicted());
    CHECK_FALSE(slow.is_evicted());
}

TEST_CASE("a connection that waits for memory is not slow")
{
    buffer_limiter limiter{1000, 0, 2s};
    share waiting{limiter, "192.0.2.1"};
    share other{limiter, "192.0.2.1"};
    waiting.update(300, start);
    other.update(300, not_slow);
    CHECK_FALSE(waiting.reserve(900, start + 10s));
    CHECK_FALSE(other.reserve(900, start + 10s));
    CHECK_FALSE(waiting.is_evicted());
}

TEST_CASE("the network that holds most loses its slowest first")
{
    buffer_limiter limiter{1000, 0, 2s};
    std::deque<share> crowd;
    for (int i = 0; i < 3; ++i) crowd.emplace_back(limiter, "192.0.2.1").update(200, start + 1s + i * 1ms);
    share alone{limiter, "192.0.2.2"};
    alone.update(300, start);
    share waiting{limiter, "192.0.2.3"};
    CHECK_FALSE(waiting.reserve(200, start + 10s));
    CHECK(crowd[0].is_evicted());
    CHECK_FALSE(crowd[1].is_evicted());
    CHECK_FALSE(alone.is_evicted());
}

TEST_CASE("a network has its own limit and evicts its own")
{
    buffer_limiter limiter{1000, 400, 2s};
    share elsewhere{limiter, "192.0.2.1"};
    elsewhere.update(400, start);
    share slow{limiter, "192.0.2.2"};
    slow.update(300, start + 1s);
    share waiting{limiter, "192.0.2.2"};
    CHECK_FALSE(waiting.reserve(200, start + 10s));
    CHECK(slow.is_evicted());
    CHECK_FALSE(elsewhere.is_evicted());
}

TEST_CASE("what is held without having been reserved evicts the slowest until the rest is within the limit")
{
    buffer_limiter limiter{1000, 0, 2s};
    std::deque<share> crowd;
    for (int i = 0; i < 5; ++i) crowd.emplace_back(limiter, "192.0.2.1").update(200, start + i * 1ms);
    CHECK_FALSE(crowd[0].is_evicted());
    share more{limiter, "192.0.2.1"};
    more.update(350, not_slow);
    CHECK(crowd[0].is_evicted());
    CHECK(crowd[1].is_evicted());
    CHECK_FALSE(crowd[2].is_evicted());
    CHECK(limiter.held() == 1350);
    for (int i = 0; i < 2; ++i) crowd.pop_front();
    CHECK(limiter.held() == 950);
}

TEST_CASE("more than half of the limit is tight")
{
    buffer_limiter limiter{1000, 0, 2s};
    share one{limiter, "192.0.2.1"};
    one.update(500, not_slow);
    CHECK_FALSE(limiter.is_tight());
    one.update(501, not_slow);
    CHECK(limiter.is_tight());
    one.update(0, not_slow);
    CHECK_FALSE(limiter.is_tight());
}

TEST_CASE("without limits all memory is to be had")
{
    buffer_limiter limiter{0, 0, 2s};
    share one{limiter, "192.0.2.1"};
    CHECK(one.reserve(std::size_t{1} << 40, start));
    CHECK_FALSE(limiter.is_tight());
}
