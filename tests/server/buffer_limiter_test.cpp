// The memory for incomplete frames and unread output is limited (promise N14).
#include "server/buffer_pool.hpp"

#include <deque>

#include "support/catch.hpp"

using namespace porter::detail::server;
using namespace std::chrono_literals;
using share = buffer_limiter::share;

namespace {

buffer_limiter::time_point const start{1000s};
auto const not_slow = buffer_limiter::time_point::max();

}  // namespace

TEST_CASE("memory counts until its share is destroyed")
{
    buffer_limiter limiter{1000, 1000};
    {
        share one{limiter, "192.0.2.1"};
        share other{limiter, "192.0.2.2"};
        one.update(600, not_slow);
        other.update(100, not_slow);
        CHECK(limiter.held() == 700);
        one.update(200, not_slow);
        CHECK(limiter.held() == 300);
    }
    CHECK(limiter.held() == 0);
}

TEST_CASE("within the limits no connection is evicted however slow it is")
{
    buffer_limiter limiter{1000, 500};
    share slow{limiter, "192.0.2.1"};
    slow.update(500, start);
    share other{limiter, "192.0.2.2"};
    other.update(500, start);
    CHECK_FALSE(slow.is_evicted());
    CHECK_FALSE(other.is_evicted());
}

TEST_CASE("over the limit only the connection that has been slow longest is evicted")
{
    buffer_limiter limiter{1000, 0};
    share slow{limiter, "192.0.2.1"};
    share slower{limiter, "192.0.2.1"};
    share fast{limiter, "192.0.2.1"};
    slow.update(450, start + 1s);
    slower.update(450, start);
    fast.update(300, not_slow);
    CHECK(slower.is_evicted());
    CHECK_FALSE(slow.is_evicted());
    CHECK_FALSE(fast.is_evicted());
}

TEST_CASE("over the limit a connection that becomes slow is evicted although it takes no more")
{
    buffer_limiter limiter{1000, 0};
    share one{limiter, "192.0.2.1"};
    one.update(1100, not_slow);
    CHECK_FALSE(one.is_evicted());
    one.update(1100, start);
    CHECK(one.is_evicted());
}

TEST_CASE("the slowest connection of the network that holds the most is evicted first")
{
    buffer_limiter limiter{1000, 0};
    std::deque<share> shares;
    for (int i = 0; i < 3; ++i) shares.emplace_back(limiter, "192.0.2.1").update(200, start + 1s + i * 1ms);
    share alone{limiter, "192.0.2.2"};
    alone.update(300, start);
    share more{limiter, "192.0.2.3"};
    more.update(200, not_slow);
    CHECK(shares[0].is_evicted());
    CHECK_FALSE(shares[1].is_evicted());
    CHECK_FALSE(alone.is_evicted());
}

TEST_CASE("a network over its own limit evicts its own connections")
{
    buffer_limiter limiter{1000, 400};
    share elsewhere{limiter, "192.0.2.1"};
    elsewhere.update(400, start);
    share slow{limiter, "192.0.2.2"};
    slow.update(300, start + 1s);
    share fast{limiter, "192.0.2.2"};
    fast.update(200, not_slow);
    CHECK(slow.is_evicted());
    CHECK_FALSE(elsewhere.is_evicted());
}

TEST_CASE("the slowest connections are evicted until the rest is within the limit")
{
    buffer_limiter limiter{1000, 0};
    std::deque<share> shares;
    for (int i = 0; i < 5; ++i) shares.emplace_back(limiter, "192.0.2.1").update(200, start + i * 1ms);
    CHECK_FALSE(shares[0].is_evicted());
    share more{limiter, "192.0.2.1"};
    more.update(240, not_slow);
    CHECK(shares[0].is_evicted());
    CHECK(shares[1].is_evicted());
    CHECK_FALSE(shares[2].is_evicted());
    CHECK(limiter.held() == 1240);
    for (int i = 0; i < 2; ++i) shares.pop_front();
    CHECK(limiter.held() == 840);
}

TEST_CASE("a connection that takes more far over the limit is evicted although it is not slow")
{
    buffer_limiter limiter{0, 400};
    share first{limiter, "192.0.2.1"};
    share second{limiter, "192.0.2.1"};
    share other{limiter, "192.0.2.2"};
    first.update(400, not_slow);
    second.update(100, not_slow);
    CHECK_FALSE(second.is_evicted());
    second.update(101, not_slow);
    CHECK(second.is_evicted());
    first.update(400, not_slow);  // it takes no more
    CHECK_FALSE(first.is_evicted());
    other.update(400, not_slow);
    CHECK_FALSE(other.is_evicted());
}

TEST_CASE("far over the limit in all only networks that hold much are evicted")
{
    buffer_limiter limiter{400, 0};
    share first{limiter, "192.0.2.1"};
    share second{limiter, "192.0.2.2"};
    share little{limiter, "192.0.2.3"};
    first.update(250, not_slow);
    second.update(250, not_slow);
    little.update(100, not_slow);
    CHECK_FALSE(little.is_evicted());
    second.update(251, not_slow);
    CHECK(second.is_evicted());
    CHECK_FALSE(first.is_evicted());
}

TEST_CASE("memory is tight above half of the limit")
{
    buffer_limiter limiter{1000, 0};
    share one{limiter, "192.0.2.1"};
    one.update(500, not_slow);
    CHECK_FALSE(limiter.is_tight());
    one.update(501, not_slow);
    CHECK(limiter.is_tight());
    one.update(0, not_slow);
    CHECK_FALSE(limiter.is_tight());
}

TEST_CASE("without a memory limit no connection is evicted")
{
    buffer_limiter limiter{0, 0};
    share one{limiter, "192.0.2.1"};
    one.update(std::size_t{1} << 40, start);
    CHECK_FALSE(one.is_evicted());
    CHECK_FALSE(limiter.is_tight());
}
