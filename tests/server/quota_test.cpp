// Promises N4 and N16 of SECURITY.md.
#include "server/quota.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace porter::rooms::server;

namespace {

/// A quota, and everybody who has a place; connections are numbered as they come.
struct house {
    house(std::size_t in_all, std::size_t per_network) : places(in_all, per_network) {}

    /// A newcomer's number, or 0 when there was no place; whoever had to go for that is in `evicted`.
    std::uint64_t comes(std::string const& network)
    {
        auto asked = places.admit(network, {nullptr, ++last});
        evicted = asked.evicted ? asked.evicted->connection : 0;
        if (asked.place) guests.emplace(last, std::move(*asked.place));
        return asked.place ? last : 0;
    }

    admission& guest(std::uint64_t number) { return guests.at(number); }

    std::uint64_t gets_access(std::string const& network)
    {
        auto const number = comes(network);
        guest(number).hold();
        guest(number).settle(0);
        return number;
    }

    quota places;
    std::uint64_t last = 0;
    std::uint64_t evicted = 0;
    std::map<std::uint64_t, admission> guests;
};

}  // namespace

TEST_CASE("half of the places is for those without access and then the longest waiting of the heaviest network goes")
{
    house door{8, 0};
    door.comes("10.0.0.1");
    auto const first_of_two = door.comes("10.0.0.2");
    door.comes("10.0.0.3");
    auto const second_of_two = door.comes("10.0.0.2");
    CHECK(door.evicted == 0);
    CHECK(door.comes("10.0.0.4") != 0);
    CHECK(door.evicted == first_of_two);
    CHECK(door.guest(first_of_two).is_lost());
    CHECK_FALSE(door.guest(second_of_two).is_lost());
    CHECK(door.places.taken() == 4);
}

TEST_CASE("of networks with as many the one that has been waiting longest goes")
{
    house door{4, 0};
    auto const first = door.comes("10.0.0.1");
    door.comes("10.0.0.2");
    door.comes("10.0.0.3");
    CHECK(door.evicted == first);
}

TEST_CASE("whoever we are working for keeps the place and the next one goes")
{
    house door{4, 0};
    auto const checked = door.comes("10.0.0.1");
    REQUIRE(door.guest(checked).hold());
    auto const idle = door.comes("10.0.0.2");
    CHECK(door.comes("10.0.0.3") != 0);
    CHECK(door.evicted == idle);
    door.guest(checked).let_go();
    CHECK(door.comes("10.0.0.4") != 0);
    CHECK(door.evicted == checked);
}

TEST_CASE("when we work for all who have no access a newcomer finds no place")
{
    house door{4, 0};
    CHECK(door.guest(door.comes("10.0.0.1")).hold());
    CHECK(door.guest(door.comes("10.0.0.1")).hold());
    CHECK(door.comes("10.0.0.2") == 0);
    CHECK(door.evicted == 0);
}

TEST_CASE("who has access is never evicted and counts to the limit in all")
{
    house door{4, 0};
    for (int i = 0; i < 4; ++i) door.gets_access("10.0.0.1");
    CHECK(door.comes("10.0.0.2") == 0);
    CHECK(door.evicted == 0);
    door.guests.erase(1);
    CHECK(door.comes("10.0.0.2") != 0);
}

TEST_CASE("of many places some are left for those without access when all others are taken")
{
    house door{64, 0};
    for (int i = 0; i < 62; ++i) door.gets_access("10.0.0." + std::to_string(i < 5 ? 0 : i % 20));
    auto const newcomer = door.comes("10.0.1.1");
    REQUIRE(newcomer != 0);
    door.guest(newcomer).hold();
    CHECK(door.guest(newcomer).settle(0) == access_limiter::verdict::added);
    CHECK(door.guest(1).must_leave());
    CHECK_FALSE(door.guest(1).is_lost());
    CHECK(door.places.taken() == 63);
    CHECK(door.comes("10.0.1.2") != 0);
    CHECK(door.comes("10.0.1.3") == 0);  // until the one that has to leave has left
    door.guests.erase(1);
    CHECK(door.comes("10.0.1.3") != 0);
}

TEST_CASE("access that is given up after all leaves the place as it was")
{
    house door{4, 0};
    auto const first = door.gets_access("10.0.0.1");
    door.guest(first).unsettle();
    door.guest(first).let_go();
    door.comes("10.0.0.2");
    CHECK(door.comes("10.0.0.3") != 0);
    CHECK(door.evicted == first);
}

TEST_CASE("one network fills no more than its own places and evicts its own first")
{
    house door{100, 4};
    auto const elsewhere = door.comes("10.0.0.1");
    auto const first = door.comes("10.0.0.2");
    door.comes("10.0.0.2");
    CHECK(door.comes("10.0.0.2") != 0);
    CHECK(door.evicted == first);
    CHECK_FALSE(door.guest(elsewhere).is_lost());
    for (int i = 0; i < 2; ++i) door.gets_access("10.0.0.3");
    for (int i = 0; i < 2; ++i) door.gets_access("10.0.0.3");
    CHECK(door.comes("10.0.0.3") == 0);
    CHECK(door.evicted == 0);
}

TEST_CASE("a place that was lost cannot be held any more and is not given back twice")
{
    house door{2, 0};
    auto const first = door.comes("10.0.0.1");
    door.comes("10.0.0.2");
    CHECK(door.evicted == first);
    CHECK_FALSE(door.guest(first).hold());
    door.guests.clear();
    CHECK(door.places.taken() == 0);
}

TEST_CASE("without limits nobody is refused or evicted")
{
    house door{0, 0};
    for (int i = 0; i < 5000; ++i) REQUIRE(door.comes("10.0.0.1") != 0);
    CHECK(door.evicted == 0);
}

TEST_CASE("who comes by a proxy counts for the network that the proxy says")
{
    house door{100, 2};
    std::vector<admission> behind;
    for (std::uint64_t number = 1; number <= 10; ++number) {
        auto asked = door.places.admit_unknown({nullptr, number});
        behind.push_back(std::move(*asked.place));
    }
    std::optional<holder> evicted;
    CHECK(behind[0].move("192.0.2.1", evicted));
    CHECK_FALSE(evicted);
    CHECK(behind[1].move("192.0.2.2", evicted));
    CHECK_FALSE(evicted);
    CHECK(behind[2].move("192.0.2.1", evicted));
    REQUIRE(evicted);
    CHECK(evicted->connection == 1);
    CHECK(behind[0].is_lost());
    CHECK(behind[2].hold());
    CHECK_FALSE(behind[3].move("192.0.2.1", evicted));
    CHECK(behind[3].is_lost());
}

TEST_CASE("a place that was lost is not moved to a network")
{
    house door{2, 0};
    auto asked = door.places.admit_unknown({nullptr, 1});
    REQUIRE(asked.place);
    auto const other = door.places.admit_unknown({nullptr, 2});
    REQUIRE(other.evicted);
    std::optional<holder> evicted;
    CHECK_FALSE(asked.place->move("192.0.2.1", evicted));
    CHECK_FALSE(evicted);
    CHECK(asked.place->is_lost());
    CHECK(door.places.taken() == 1);
}

TEST_CASE("only some are seen off at length")
{
    house door{1, 0};
    std::vector<farewell> all;
    while (auto one = door.places.see_off()) all.push_back(std::move(*one));
    CHECK(all.size() == 64);
    all.pop_back();
    CHECK(door.places.see_off());
}
