// Promises N4 and N16 of SECURITY.md.
#include "server/connection_limiter.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace porter::detail::server;

namespace {

/// A quota, and everybody who has a place; connections are numbered as they come.
struct house {
    house(std::size_t in_all, std::size_t per_network) : places(in_all, per_network) {}

    /// A newcomer's number, or 0 when there was no place; whoever had to go for that is in `evicted`.
    std::uint64_t comes(std::string const& network)
    {
        auto asked = places.take(network, {nullptr, ++last});
        evicted = asked.evicted ? asked.evicted->connection : 0;
        if (asked.slot) guests.emplace(last, std::move(*asked.slot));
        return asked.slot ? last : 0;
    }

    connection_slot& guest(std::uint64_t number) { return guests.at(number); }

    std::uint64_t gets_access(std::string const& network)
    {
        auto const number = comes(network);
        guest(number).pin();
        guest(number).commit(0);
        return number;
    }

    connection_limiter places;
    std::uint64_t last = 0;
    std::uint64_t evicted = 0;
    std::map<std::uint64_t, connection_slot> guests;
};

}  // namespace

TEST_CASE("half of the places is for those without access and then the longest waiting of the heaviest network goes")
{
    house conn{8, 0};
    conn.comes("10.0.0.1");
    auto const first_of_two = conn.comes("10.0.0.2");
    conn.comes("10.0.0.3");
    auto const second_of_two = conn.comes("10.0.0.2");
    CHECK(conn.evicted == 0);
    CHECK(conn.comes("10.0.0.4") != 0);
    CHECK(conn.evicted == first_of_two);
    CHECK(conn.guest(first_of_two).is_evicted());
    CHECK_FALSE(conn.guest(second_of_two).is_evicted());
    CHECK(conn.places.taken() == 4);
}

TEST_CASE("of networks with as many the one that has been waiting longest goes")
{
    house conn{4, 0};
    auto const first = conn.comes("10.0.0.1");
    conn.comes("10.0.0.2");
    conn.comes("10.0.0.3");
    CHECK(conn.evicted == first);
}

TEST_CASE("whoever we are working for keeps the place and the next one goes")
{
    house conn{4, 0};
    auto const checked = conn.comes("10.0.0.1");
    REQUIRE(conn.guest(checked).pin());
    auto const idle = conn.comes("10.0.0.2");
    CHECK(conn.comes("10.0.0.3") != 0);
    CHECK(conn.evicted == idle);
    conn.guest(checked).unpin();
    CHECK(conn.comes("10.0.0.4") != 0);
    CHECK(conn.evicted == checked);
}

TEST_CASE("when we work for all who have no access a newcomer finds no place")
{
    house conn{4, 0};
    CHECK(conn.guest(conn.comes("10.0.0.1")).pin());
    CHECK(conn.guest(conn.comes("10.0.0.1")).pin());
    CHECK(conn.comes("10.0.0.2") == 0);
    CHECK(conn.evicted == 0);
}

TEST_CASE("who has access is never evicted and counts to the limit in all")
{
    house conn{4, 0};
    for (int i = 0; i < 4; ++i) conn.gets_access("10.0.0.1");
    CHECK(conn.comes("10.0.0.2") == 0);
    CHECK(conn.evicted == 0);
    conn.guests.erase(1);
    CHECK(conn.comes("10.0.0.2") != 0);
}

TEST_CASE("of many places some are left for those without access when all others are taken")
{
    house conn{64, 0};
    for (int i = 0; i < 62; ++i) conn.gets_access("10.0.0." + std::to_string(i < 5 ? 0 : i % 20));
    auto const newcomer = conn.comes("10.0.1.1");
    REQUIRE(newcomer != 0);
    conn.guest(newcomer).pin();
    CHECK(conn.guest(newcomer).commit(0) == access_limiter::decision::added);
    CHECK(conn.guest(1).must_close());
    CHECK_FALSE(conn.guest(1).is_evicted());
    CHECK(conn.places.taken() == 63);
    CHECK(conn.comes("10.0.1.2") != 0);
    CHECK(conn.comes("10.0.1.3") == 0);  // until the one that has to leave has left
    conn.guests.erase(1);
    CHECK(conn.comes("10.0.1.3") != 0);
}

TEST_CASE("access that is given up after all leaves the place as it was")
{
    house conn{4, 0};
    auto const first = conn.gets_access("10.0.0.1");
    conn.guest(first).uncommit();
    conn.guest(first).unpin();
    conn.comes("10.0.0.2");
    CHECK(conn.comes("10.0.0.3") != 0);
    CHECK(conn.evicted == first);
}

TEST_CASE("one network fills no more than its own places and evicts its own first")
{
    house conn{100, 4};
    auto const elsewhere = conn.comes("10.0.0.1");
    auto const first = conn.comes("10.0.0.2");
    conn.comes("10.0.0.2");
    CHECK(conn.comes("10.0.0.2") != 0);
    CHECK(conn.evicted == first);
    CHECK_FALSE(conn.guest(elsewhere).is_evicted());
    for (int i = 0; i < 2; ++i) conn.gets_access("10.0.0.3");
    for (int i = 0; i < 2; ++i) conn.gets_access("10.0.0.3");
    CHECK(conn.comes("10.0.0.3") == 0);
    CHECK(conn.evicted == 0);
}

TEST_CASE("a place that was lost cannot be held any more and is not given back twice")
{
    house conn{2, 0};
    auto const first = conn.comes("10.0.0.1");
    conn.comes("10.0.0.2");
    CHECK(conn.evicted == first);
    CHECK_FALSE(conn.guest(first).pin());
    conn.guests.clear();
    CHECK(conn.places.taken() == 0);
}

TEST_CASE("without limits nobody is refused or evicted")
{
    house conn{0, 0};
    for (int i = 0; i < 5000; ++i) REQUIRE(conn.comes("10.0.0.1") != 0);
    CHECK(conn.evicted == 0);
}

TEST_CASE("who comes by a proxy counts for the network that the proxy says")
{
    house conn{100, 2};
    std::vector<connection_slot> behind;
    for (std::uint64_t number = 1; number <= 10; ++number) {
        auto asked = conn.places.take_unassigned({nullptr, number});
        behind.push_back(std::move(*asked.slot));
    }
    std::optional<slot_owner> evicted;
    CHECK(behind[0].move_to("192.0.2.1", evicted));
    CHECK_FALSE(evicted);
    CHECK(behind[1].move_to("192.0.2.2", evicted));
    CHECK_FALSE(evicted);
    CHECK(behind[2].move_to("192.0.2.1", evicted));
    REQUIRE(evicted);
    CHECK(evicted->connection == 1);
    CHECK(behind[0].is_evicted());
    CHECK(behind[2].pin());
    CHECK_FALSE(behind[3].move_to("192.0.2.1", evicted));
    CHECK(behind[3].is_evicted());
}

TEST_CASE("a place that was lost is not moved to a network")
{
    house conn{2, 0};
    auto asked = conn.places.take_unassigned({nullptr, 1});
    REQUIRE(asked.slot);
    auto const other = conn.places.take_unassigned({nullptr, 2});
    REQUIRE(other.evicted);
    std::optional<slot_owner> evicted;
    CHECK_FALSE(asked.slot->move_to("192.0.2.1", evicted));
    CHECK_FALSE(evicted);
    CHECK(asked.slot->is_evicted());
    CHECK(conn.places.taken() == 1);
}

TEST_CASE("only some are seen off at length")
{
    house conn{1, 0};
    std::vector<reject_permit> all;
    while (auto one = conn.places.permit_reject()) all.push_back(std::move(*one));
    CHECK(all.size() == 64);
    all.pop_back();
    CHECK(conn.places.permit_reject());
}
