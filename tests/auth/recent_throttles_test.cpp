#include "auth/recent_throttles.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using porter::detail::auth::recent_throttles;
using porter::detail::base::timestamp;

namespace {

constexpr timestamp start{1'000'000s};

std::vector<std::string> networks(recent_throttles const& recent, timestamp now)
{
    std::vector<std::string> found;
    for (auto const& each : recent.list(now)) found.push_back(each.network);
    return found;
}

}  // namespace

TEST_CASE("a throttled network is listed while it has to wait")
{
    recent_throttles recent;
    recent.record("192.0.2.7", "network_throttled", 3600s, start);
    auto const listed = recent.list(start + 3599s);
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].network == "192.0.2.7");
    CHECK(listed[0].rule == "network_throttled");
    CHECK(listed[0].denied == 1);
    CHECK(listed[0].until == start + 3600s);
    CHECK(recent.list(start + 3600s).empty());
}

TEST_CASE("denials of one network and rule are counted and begin anew after its time")
{
    recent_throttles recent;
    recent.record("192.0.2.7", "account_paused", 10s, start);
    recent.record("192.0.2.7", "account_paused", 9s, start + 1s);
    recent.record("192.0.2.7", "network_throttled", 60s, start + 2s);
    auto const listed = recent.list(start + 2s);
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].rule == "network_throttled");
    CHECK(listed[1].denied == 2);
    auto const later = start + 1s + recent_throttles::shortest_listing;
    recent.record("192.0.2.7", "account_paused", 5s, later);
    CHECK(recent.list(later)[0].denied == 1);
}

TEST_CASE("a short pause and a lock are listed for a while after the last denial")
{
    recent_throttles recent;
    recent.record("192.0.2.7", "account_locked", 0s, start);
    recent.record("192.0.2.7", "account_locked", 0s, start + 60s);
    recent.record("192.0.2.8", "account_paused", 1s, start + 60s);
    auto const end = start + 60s + recent_throttles::shortest_listing;
    auto const listed = recent.list(end - 1s);
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].until == start + 61s);
    CHECK_FALSE(listed[1].until);
    CHECK(recent.list(end).empty());
}

TEST_CASE("of too many networks those denied last are listed with the last one first")
{
    recent_throttles recent;
    for (std::size_t i = 0; i < recent_throttles::size; ++i) recent.record(std::to_string(i), "r", 60s, start);
    recent.record("0", "r", 60s, start);
    recent.record("new", "r", 60s, start);
    auto const listed = networks(recent, start);
    REQUIRE(listed.size() == recent_throttles::size);
    CHECK(listed[0] == "new");
    CHECK(listed[1] == "0");
    CHECK(listed.back() == "2");
}
