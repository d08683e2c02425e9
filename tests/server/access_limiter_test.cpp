// The limits of connections with access, and which one is evicted (promise N16).
#include "server/connection_limiter.hpp"

#include <deque>

#include "support/catch.hpp"

using namespace porter::detail::server;
using namespace std::chrono_literals;
using enum access_limiter::decision;

namespace {

/// A limiter and its members. The time advances by a second with each.
struct fixture {
    explicit fixture(std::size_t in_all, std::size_t per_account = 0) : limiter(in_all, per_account) {}
    ~fixture()
    {
        for (auto& each : all) limiter.remove(each);
    }

    access_limiter::decision add(std::string const& network, std::int64_t account = 0)
    {
        now += 1s;
        return limiter.add(all.emplace_back(), network, account, now);
    }

    void note_activity(std::size_t number) { all[number].note_activity(now += 1s); }

    /// The number of the only evicted member; -1: none.
    int evicted() const
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

TEST_CASE("an account gets no more connections than its limit")
{
    fixture server{100, 2};
    CHECK(server.add("a", 1) == added);
    CHECK(server.add("b", 1) == added);
    CHECK(server.add("c", 1) == account_full);
    CHECK(server.add("c", 2) == added);
    server.limiter.remove(server.all[0]);
    CHECK(server.add("c", 1) == added);
    CHECK(server.evicted() == -1);
}

TEST_CASE("an account that becomes known later counts from then on")
{
    fixture server{100, 1};
    server.add("a");
    server.limiter.set_account(server.all[0], 7);
    CHECK(server.add("b", 7) == account_full);
    server.limiter.remove(server.all[0]);
    CHECK(server.add("b", 7) == added);
}

TEST_CASE("a full server evicts the longest idle connection of the network with the most")
{
    fixture server{6};
    server.add("single");
    for (int i = 0; i < 3; ++i) server.add("heavy");
    for (int i = 0; i < 2; ++i) server.add("pair");
    server.note_activity(1);
    CHECK(server.add("new") == added);
    CHECK(server.evicted() == 2);
}

TEST_CASE("of connections that were active at the same time the oldest is evicted")
{
    fixture server{4};
    for (int i = 0; i < 4; ++i) server.add("heavy");
    for (auto& each : server.all) each.note_activity(server.now);
    CHECK(server.add("new") == added);
    CHECK(server.evicted() == 0);
}

TEST_CASE("a full server evicts the longest idle connection of the account with the most")
{
    fixture server{5};
    server.add("a", 1);
    server.add("b", 2);
    server.add("c", 2);
    server.add("d", 2);
    server.add("a", 3);
    server.note_activity(1);
    CHECK(server.add("e", 4) == added);
    CHECK(server.evicted() == 2);
}

TEST_CASE("no network loses its only connection")
{
    fixture server{3};
    for (auto const* name : {"a", "b", "c"}) server.add(name);
    CHECK(server.add("d") == server_full);
    CHECK(server.evicted() == -1);
}

TEST_CASE("a new connection of the heaviest network or account evicts one of its own")
{
    fixture server{4};
    server.add("other", 9);
    server.add("a", 1);
    server.add("b", 2);
    server.add("a", 3);
    SECTION("of its account if that has one")
    {
        CHECK(server.add("a", 3) == added);
        CHECK(server.evicted() == 3);
    }
    SECTION("of its network otherwise")
    {
        CHECK(server.add("a", 4) == added);
        CHECK(server.evicted() == 1);
    }
}

TEST_CASE("connections are evicted until no network has more than the new one")
{
    fixture server{12};
    for (int i = 0; i < 10; ++i) server.add("heavy");
    for (int i = 0; i < 2; ++i) server.add("other");
    for (int i = 0; i < 5; ++i) CHECK(server.add("new") == added);
    int evicted = 0;
    for (auto const& each : server.all) evicted += each.must_close() ? 1 : 0;
    CHECK(evicted == 5);
    for (int i = 0; i < 5; ++i) CHECK(server.all[static_cast<std::size_t>(i)].must_close());
}

TEST_CASE("without limits no connection is evicted")
{
    fixture server{0};
    for (int i = 0; i < 3000; ++i) REQUIRE(server.add("a", 1) == added);
    CHECK(server.evicted() == -1);
}

TEST_CASE("after a lower limit each new member evicts one until the limit of an account is reached")
{
    fixture limited{8};
    CHECK(limited.add("10.0.0.1", 1) == added);
    CHECK(limited.add("10.0.0.1", 1) == added);
    CHECK(limited.add("10.0.0.2", 2) == added);
    limited.limiter.set_limits(2, 0);
    CHECK(limited.evicted() == -1);
    CHECK(limited.add("10.0.0.3", 3) == added);
    CHECK(limited.evicted() == 0);
    limited.limiter.set_limits(0, 1);
    CHECK(limited.add("10.0.0.1", 1) == account_full);
}
