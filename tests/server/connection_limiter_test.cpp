// Promises N4 and N16 of SECURITY.md.
#include "server/connection_limiter.hpp"

#include <vector>

#include "support/catch.hpp"

using namespace porter::detail::server;

namespace {

/// A limiter, and the slots that were taken; connections are numbered in their order.
struct limited_server {
    limited_server(std::size_t in_all, std::size_t per_network) : limiter(in_all, per_network) {}

    /// Takes a slot. Returns the connection's number; 0: there is no slot. `evicted`: the one that lost its slot for
    /// it.
    std::uint64_t take(std::string const& network)
    {
        auto outcome = limiter.take(network, {nullptr, ++last});
        evicted = outcome.evicted ? outcome.evicted->connection : 0;
        if (outcome.slot) slots.emplace(last, std::move(*outcome.slot));
        return outcome.slot ? last : 0;
    }

    connection_slot& slot(std::uint64_t number) { return slots.at(number); }

    std::uint64_t take_with_access(std::string const& network)
    {
        auto const number = take(network);
        slot(number).pin();
        slot(number).commit(0);
        return number;
    }

    connection_limiter limiter;
    std::uint64_t last = 0;
    std::uint64_t evicted = 0;
    std::map<std::uint64_t, connection_slot> slots;
};

}  // namespace

TEST_CASE("beyond half of the slots a connection without access evicts the oldest of the heaviest network")
{
    limited_server server{8, 0};
    server.take("10.0.0.1");
    auto const first_of_two = server.take("10.0.0.2");
    server.take("10.0.0.3");
    auto const second_of_two = server.take("10.0.0.2");
    CHECK(server.evicted == 0);
    CHECK(server.take("10.0.0.4") != 0);
    CHECK(server.evicted == first_of_two);
    CHECK(server.slot(first_of_two).is_evicted());
    CHECK_FALSE(server.slot(second_of_two).is_evicted());
    CHECK(server.limiter.taken() == 4);
}

TEST_CASE("of equally heavy networks the one with the oldest connection loses it")
{
    limited_server server{4, 0};
    auto const first = server.take("10.0.0.1");
    server.take("10.0.0.2");
    server.take("10.0.0.3");
    CHECK(server.evicted == first);
}

TEST_CASE("a pinned connection keeps its slot and the next one is evicted")
{
    limited_server server{4, 0};
    auto const checked = server.take("10.0.0.1");
    REQUIRE(server.slot(checked).pin());
    auto const idle = server.take("10.0.0.2");
    CHECK(server.take("10.0.0.3") != 0);
    CHECK(server.evicted == idle);
    server.slot(checked).unpin();
    CHECK(server.take("10.0.0.4") != 0);
    CHECK(server.evicted == checked);
}

TEST_CASE("when all connections without access are pinned a new one gets no slot")
{
    limited_server server{4, 0};
    CHECK(server.slot(server.take("10.0.0.1")).pin());
    CHECK(server.slot(server.take("10.0.0.1")).pin());
    CHECK(server.take("10.0.0.2") == 0);
    CHECK(server.evicted == 0);
}

TEST_CASE("a connection with access is never evicted for one without and counts to the limit")
{
    limited_server server{4, 0};
    for (int i = 0; i < 4; ++i) server.take_with_access("10.0.0.1");
    CHECK(server.take("10.0.0.2") == 0);
    CHECK(server.evicted == 0);
    server.slots.erase(1);
    CHECK(server.take("10.0.0.2") != 0);
}

TEST_CASE("a large server keeps some slots for connections without access")
{
    limited_server server{64, 0};
    for (int i = 0; i < 62; ++i) server.take_with_access("10.0.0." + std::to_string(i < 5 ? 0 : i % 20));
    auto const added = server.take("10.0.1.1");
    REQUIRE(added != 0);
    server.slot(added).pin();
    CHECK(server.slot(added).commit(0) == access_limiter::decision::added);
    CHECK(server.slot(1).must_close());
    CHECK_FALSE(server.slot(1).is_evicted());
    CHECK(server.limiter.taken() == 63);
    CHECK(server.take("10.0.1.2") != 0);
    CHECK(server.take("10.0.1.3") == 0);  // until the evicted one has closed
    server.slots.erase(1);
    CHECK(server.take("10.0.1.3") != 0);
}

TEST_CASE("after uncommit the slot is pinned as before")
{
    limited_server server{4, 0};
    auto const first = server.take_with_access("10.0.0.1");
    server.slot(first).uncommit();
    server.slot(first).unpin();
    server.take("10.0.0.2");
    CHECK(server.take("10.0.0.3") != 0);
    CHECK(server.evicted == first);
}

TEST_CASE("a network fills its own slots only and evicts its own connections first")
{
    limited_server server{100, 4};
    auto const elsewhere = server.take("10.0.0.1");
    auto const first = server.take("10.0.0.2");
    server.take("10.0.0.2");
    CHECK(server.take("10.0.0.2") != 0);
    CHECK(server.evicted == first);
    CHECK_FALSE(server.slot(elsewhere).is_evicted());
    for (int i = 0; i < 2; ++i) server.take_with_access("10.0.0.3");
    for (int i = 0; i < 2; ++i) server.take_with_access("10.0.0.3");
    CHECK(server.take("10.0.0.3") == 0);
    CHECK(server.evicted == 0);
}

TEST_CASE("an evicted slot cannot be pinned and is not returned twice")
{
    limited_server server{2, 0};
    auto const first = server.take("10.0.0.1");
    server.take("10.0.0.2");
    CHECK(server.evicted == first);
    CHECK_FALSE(server.slot(first).pin());
    server.slots.clear();
    CHECK(server.limiter.taken() == 0);
}

TEST_CASE("without limits no connection is rejected or evicted")
{
    limited_server server{0, 0};
    for (int i = 0; i < 5000; ++i) REQUIRE(server.take("10.0.0.1") != 0);
    CHECK(server.evicted == 0);
}

TEST_CASE("a connection through a proxy counts for the network in its header")
{
    limited_server server{100, 2};
    std::vector<connection_slot> behind;
    for (std::uint64_t number = 1; number <= 10; ++number) {
        auto outcome = server.limiter.take_unassigned({nullptr, number});
        behind.push_back(std::move(*outcome.slot));
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

TEST_CASE("an evicted slot is not moved to a network")
{
    limited_server server{2, 0};
    auto outcome = server.limiter.take_unassigned({nullptr, 1});
    REQUIRE(outcome.slot);
    auto const other = server.limiter.take_unassigned({nullptr, 2});
    REQUIRE(other.evicted);
    std::optional<slot_owner> evicted;
    CHECK_FALSE(outcome.slot->move_to("192.0.2.1", evicted));
    CHECK_FALSE(evicted);
    CHECK(outcome.slot->is_evicted());
    CHECK(server.limiter.taken() == 1);
}

TEST_CASE("the number of reject permits is limited")
{
    limited_server server{1, 0};
    std::vector<reject_permit> all;
    while (auto one = server.limiter.permit_reject()) all.push_back(std::move(*one));
    CHECK(all.size() == 64);
    all.pop_back();
    CHECK(server.limiter.permit_reject());
}

TEST_CASE("changed limits hold for new connections and existing ones keep their slots")
{
    limited_server server{8, 0};
    for (int i = 0; i < 4; ++i) server.take_with_access("10.0.0." + std::to_string(i));
    server.limiter.set_limits(2, 0, 0);
    CHECK(server.limiter.taken() == 4);
    CHECK(server.take("10.0.1.1") == 0);
    CHECK(server.evicted == 0);
    server.slots.erase(1);
    server.slots.erase(2);
    CHECK(server.take("10.0.1.1") == 0);
    server.slots.erase(3);
    CHECK(server.take("10.0.1.1") != 0);
    server.limiter.set_limits(8, 1, 0);
    CHECK(server.take("10.0.1.2") != 0);
    CHECK(server.take("10.0.1.2") != 0);  // evicts the first one of its network
    CHECK(server.evicted == server.last - 1);
}
