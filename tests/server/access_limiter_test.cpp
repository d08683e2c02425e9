// Connections that have access: how many there may be, and which one leaves for another (promise N16).
#include "server/connection_limiter.hpp"

#include <deque>

#include "support/catch.hpp"

using namespace porter::detail::server;
using namespace std::chrono_literals;
using verdict = access_limiter::decision;

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
            if (!all[i].must_close()) continue;
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
    server_of conn{100, 2};
    CHECK(conn.comes("a", 1) == verdict::added);
    CHECK(conn.comes("b", 1) == verdict::added);
    CHECK(conn.comes("c", 1) == verdict::account_full);
    CHECK(conn.comes("c", 2) == verdict::added);
    conn.limiter.remove(conn.all[0]);
    CHECK(conn.comes("c", 1) == verdict::added);
    CHECK(conn.leaving() == -1);
}

TEST_CASE("the account of a connection that came without one counts from when it is known")
{
    server_of conn{100, 1};
    conn.comes("a");
    conn.limiter.set_account(conn.all[0], 7);
    CHECK(conn.comes("b", 7) == verdict::account_full);
    conn.limiter.remove(conn.all[0]);
    CHECK(conn.comes("b", 7) == verdict::added);
}

TEST_CASE("when all places are taken the longest idle of the network with most of them leaves")
{
    server_of conn{6};
    conn.comes("single");
    for (int i = 0; i < 3; ++i) conn.comes("heavy");
    for (int i = 0; i < 2; ++i) conn.comes("pair");
    conn.is_heard(1);
    CHECK(conn.comes("new") == verdict::added);
    CHECK(conn.leaving() == 2);
}

TEST_CASE("of connections that were heard at the same time the oldest leaves")
{
    server_of conn{4};
    for (int i = 0; i < 4; ++i) conn.comes("heavy");
    for (auto& each : conn.all) each.note_activity(conn.now);
    CHECK(conn.comes("new") == verdict::added);
    CHECK(conn.leaving() == 0);
}

TEST_CASE("when all places are taken the longest idle of the account with most of them leaves")
{
    server_of conn{5};
    conn.comes("a", 1);
    conn.comes("b", 2);
    conn.comes("c", 2);
    conn.comes("d", 2);
    conn.comes("a", 3);
    conn.is_heard(1);
    CHECK(conn.comes("e", 4) == verdict::added);
    CHECK(conn.leaving() == 2);
}

TEST_CASE("no network loses the only connection that it has")
{
    server_of conn{3};
    for (auto const* name : {"a", "b", "c"}) conn.comes(name);
    CHECK(conn.comes("d") == verdict::server_full);
    CHECK(conn.leaving() == -1);
}

TEST_CASE("a new connection of the heaviest network or account takes the place of one of its own")
{
    server_of conn{4};
    conn.comes("other", 9);
    conn.comes("a", 1);
    conn.comes("b", 2);
    conn.comes("a", 3);
    SECTION("the account's, where it has one here")
    {
        CHECK(conn.comes("a", 3) == verdict::added);
        CHECK(conn.leaving() == 3);
    }
    SECTION("the network's otherwise")
    {
        CHECK(conn.comes("a", 4) == verdict::added);
        CHECK(conn.leaving() == 1);
    }
}

TEST_CASE("one after another leaves until no network has more than the new one")
{
    server_of conn{12};
    for (int i = 0; i < 10; ++i) conn.comes("heavy");
    for (int i = 0; i < 2; ++i) conn.comes("other");
    for (int i = 0; i < 5; ++i) CHECK(conn.comes("new") == verdict::added);
    int leaving = 0;
    for (auto const& each : conn.all) leaving += each.must_close() ? 1 : 0;
    CHECK(leaving == 5);
    for (int i = 0; i < 5; ++i) CHECK(conn.all[static_cast<std::size_t>(i)].must_close());
}

TEST_CASE("without limits no connection has to leave")
{
    server_of conn{0};
    for (int i = 0; i < 3000; ++i) REQUIRE(conn.comes("a", 1) == verdict::added);
    CHECK(conn.leaving() == -1);
}
