// Connections that have access: how many there may be, and which one leaves for another (promise N16).
#include "server/access_limiter.hpp"

#include <deque>

#include "support/catch.hpp"

using namespace porter::rooms::server;
using namespace std::chrono_literals;
using verdict = access_limiter::verdict;

namespace {

/// Time passes by a second with each that comes.
struct server_of {
    explicit server_of(std::size_t in_all, std::size_t per_account = 0) : limiter(in_all, per_account) {}
    ~server_of()
    {
        for (auto& each : all) limiter.remove(each);
    }

    verdict comes(std::string const& network, std::int64_t account = 0)
    {
        now += 1s;
        return limiter.add(all.emplace_back(), network, account, now);
    }

    void is_heard(std::size_t number) { all[number].note_activity(now += 1s); }

    /// The number of the only one that has to leave; -1: none.
    int leaving() const
    {
        int found = -1;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!all[i].must_leave()) continue;
            CHECK(found == -1);
            found = static_cast<int>(i);
        }
        return found;
    }

    access_limiter limiter;
    access_limiter::time_point now{};
    std::deque<access_limiter::member> all;
};

}  // namespace

TEST_CASE("an account has so many connections and then no more")
{
    server_of door{100, 2};
    CHECK(door.comes("a", 1) == verdict::added);
    CHECK(door.comes("b", 1) == verdict::added);
    CHECK(door.comes("c", 1) == verdict::account_full);
    CHECK(door.comes("c", 2) == verdict::added);
    door.limiter.remove(door.all[0]);
    CHECK(door.comes("c", 1) == verdict::added);
    CHECK(door.leaving() == -1);
}

TEST_CASE("the account of a connection that came without one counts from when it is known")
{
    server_of door{100, 1};
    door.comes("a");
    door.limiter.set_account(door.all[0], 7);
    CHECK(door.comes("b", 7) == verdict::account_full);
    door.limiter.remove(door.all[0]);
    CHECK(door.comes("b", 7) == verdict::added);
}

TEST_CASE("when all places are taken the longest idle of the network with most of them leaves")
{
    server_of door{6};
    door.comes("single");
    for (int i = 0; i < 3; ++i) door.comes("heavy");
    for (int i = 0; i < 2; ++i) door.comes("pair");
    door.is_heard(1);
    CHECK(door.comes("new") == verdict::added);
    CHECK(door.leaving() == 2);
}

TEST_CASE("of connections that were heard at the same time the oldest leaves")
{
    server_of door{4};
    for (int i = 0; i < 4; ++i) door.comes("heavy");
    for (auto& each : door.all) each.note_activity(door.now);
    CHECK(door.comes("new") == verdict::added);
    CHECK(door.leaving() == 0);
}

TEST_CASE("when all places are taken the longest idle of the account with most of them leaves")
{
    server_of door{5};
    door.comes("a", 1);
    door.comes("b", 2);
    door.comes("c", 2);
    door.comes("d", 2);
    door.comes("a", 3);
    door.is_heard(1);
    CHECK(door.comes("e", 4) == verdict::added);
    CHECK(door.leaving() == 2);
}

TEST_CASE("no network loses the only connection that it has")
{
    server_of door{3};
    for (auto const* name : {"a", "b", "c"}) door.comes(name);
    CHECK(door.comes("d") == verdict::server_full);
    CHECK(door.leaving() == -1);
}

TEST_CASE("a new connection of the heaviest network or account takes the place of one of its own")
{
    server_of door{4};
    door.comes("other", 9);
    door.comes("a", 1);
    door.comes("b", 2);
    door.comes("a", 3);
    SECTION("the account's, where it has one here")
    {
        CHECK(door.comes("a", 3) == verdict::added);
        CHECK(door.leaving() == 3);
    }
    SECTION("the network's otherwise")
    {
        CHECK(door.comes("a", 4) == verdict::added);
        CHECK(door.leaving() == 1);
    }
}

TEST_CASE("one after another leaves until no network has more than the new one")
{
    server_of door{12};
    for (int i = 0; i < 10; ++i) door.comes("heavy");
    for (int i = 0; i < 2; ++i) door.comes("other");
    for (int i = 0; i < 5; ++i) CHECK(door.comes("new") == verdict::added);
    int leaving = 0;
    for (auto const& each : door.all) leaving += each.must_leave() ? 1 : 0;
    CHECK(leaving == 5);
    for (int i = 0; i < 5; ++i) CHECK(door.all[static_cast<std::size_t>(i)].must_leave());
}

TEST_CASE("without limits no connection has to leave")
{
    server_of door{0};
    for (int i = 0; i < 3000; ++i) REQUIRE(door.comes("a", 1) == verdict::added);
    CHECK(door.leaving() == -1);
}
