// Promise N8 of SECURITY.md: a login from an uninvolved address is served.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "auth/hash_queue.hpp"
#include "support/catch.hpp"

using namespace porter;
using detail::auth::hash_job;
using detail::auth::hash_queue;
using detail::auth::source;

namespace {

class no_op_job final : public hash_job {
public:
    using hash_job::hash_job;
    void run(detail::auth::hash_function&) override {}
    void reject(error) noexcept override {}
};

struct queue_fixture {
    explicit queue_fixture(std::size_t limit) : queue(limit) {}

    /// Adds a job. Returns the network of the job that is rejected; empty: none.
    std::string add(std::string_view from, source origin = source::unknown)
    {
        auto const there = *detail::identity::address::parse(from);
        auto const surplus = queue.push(std::make_unique<no_op_job>(++last, there, origin));
        return surplus ? surplus->network() : std::string{};
    }

    std::string serve() { return queue.pop()->network(); }

    std::vector<std::string> serve(int count)
    {
        std::vector<std::string> served;
        for (int i = 0; i < count; ++i) served.push_back(serve());
        return served;
    }

    hash_queue queue;
    hash_job::ticket last = 0;
};

std::string guesser(int number)
{
    return "198.51.100." + std::to_string(number + 1);
}

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("networks are served in rotation however many jobs each has")
{
    queue_fixture fixture{8};
    for (auto const* each : {"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2"}) fixture.add(each);
    CHECK(fixture.serve(5) == names{"192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2", "192.0.2.1"});
}

TEST_CASE("a known job is served before any number of unknown ones")
{
    constexpr int many = 200;
    queue_fixture fixture{16};
    for (int i = 0; i < many; ++i) fixture.add(guesser(i));
    REQUIRE(fixture.queue.size() == 16);
    CHECK(fixture.add("192.0.2.7", source::known) == guesser(15));
    CHECK(fixture.serve() == "192.0.2.7");
    CHECK(fixture.serve() == guesser(0));
}

TEST_CASE("every fourth job served is an unknown one")
{
    queue_fixture fixture{64};
    for (int i = 0; i < 4; ++i) fixture.add(guesser(i));
    for (int i = 0; i < 7; ++i) fixture.add("192.0.2.7", source::known);
    auto const mine = std::string{"192.0.2.7"};
    CHECK(fixture.serve(11) ==
          names{mine, mine, mine, guesser(0), mine, mine, mine, guesser(1), mine, guesser(2), guesser(3)});
}

TEST_CASE("a network may be known to one account and unknown to another")
{
    queue_fixture fixture{3};
    fixture.add("192.0.2.1");
    fixture.add("192.0.2.1");
    fixture.add("192.0.2.2");
    CHECK(fixture.add("192.0.2.1", source::known) == "192.0.2.1");
    CHECK(fixture.serve(3) == names{"192.0.2.1", "192.0.2.1", "192.0.2.2"});
}

TEST_CASE("beyond the limit the last job of the longest queue is rejected")
{
    queue_fixture fixture{3};
    CHECK(fixture.add("192.0.2.1").empty());
    CHECK(fixture.add("192.0.2.2").empty());
    CHECK(fixture.add("192.0.2.2").empty());
    CHECK(fixture.add("192.0.2.3") == "192.0.2.2");
    CHECK(fixture.add("192.0.2.4") == "192.0.2.4");
    CHECK(fixture.serve(3) == names{"192.0.2.1", "192.0.2.2", "192.0.2.3"});
}

TEST_CASE("neither known nor unknown jobs use the half that is reserved for the others")
{
    queue_fixture fixture{4};
    for (int i = 0; i < 4; ++i) CHECK(fixture.add(guesser(i)).empty());
    CHECK(fixture.add("192.0.2.1", source::known) == guesser(3));
    CHECK(fixture.add("192.0.2.2", source::known) == guesser(2));
    CHECK(fixture.add("192.0.2.3", source::known) == "192.0.2.3");
    CHECK(fixture.add(guesser(9)) == guesser(9));
    CHECK(fixture.serve(4) == names{"192.0.2.1", "192.0.2.2", guesser(0), guesser(1)});

    for (int i = 0; i < 4; ++i) CHECK(fixture.add("192.0.2." + std::to_string(i + 1), source::known).empty());
    CHECK(fixture.add(guesser(0)) == "192.0.2.4");
    CHECK(fixture.add(guesser(1)) == "192.0.2.3");
    CHECK(fixture.add(guesser(2)) == guesser(2));
    CHECK(fixture.add("192.0.2.9", source::known) == "192.0.2.9");
}

// Seven addresses with accounts of their own, each with as many logins at once as the throttle allows.
TEST_CASE("addresses with accounts of their own keep out neither new clients nor owners")
{
    queue_fixture fixture{128};
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 7; ++i) fixture.add(guesser(i), source::known);
    }
    REQUIRE(fixture.queue.size() == 128);
    for (int i = 0; i < 36; ++i) {
        auto const new_client = "203.0.113." + std::to_string(i);
        CHECK(fixture.add(new_client) != new_client);
    }
    CHECK(fixture.add("192.0.2.7", source::known) != "192.0.2.7");
    auto const served = fixture.serve(32);
    CHECK(std::ranges::count(served, "192.0.2.7") == 1);
    // After one job of each of the seven attackers, every fourth is served.
    CHECK(std::ranges::count(served, "203.0.113.0") == 1);
}

TEST_CASE("one network does not use up the share of the unknown jobs")
{
    queue_fixture fixture{16};
    for (int i = 0; i < 16; ++i) fixture.add("198.51.100.1");
    for (int i = 0; i < 8; ++i) CHECK(fixture.add("192.0.2." + std::to_string(i)) == "198.51.100.1");
    CHECK(fixture.add("198.51.100.1") == "198.51.100.1");
    auto const served = fixture.serve(16);
    for (int i = 0; i < 8; ++i) CHECK(served[static_cast<std::size_t>(i) + 1] == "192.0.2." + std::to_string(i));
}

TEST_CASE("beyond its limit a network's known jobs wait as unknown ones and are served all the same")
{
    queue_fixture fixture{64};
    auto const mine = std::string{"192.0.2.7"};
    REQUIRE(fixture.queue.known_per_network() == 8);
    for (int i = 0; i < 30; ++i) CHECK(fixture.add(mine, source::known).empty());
    CHECK(fixture.add("192.0.2.8", source::known).empty());
    CHECK(fixture.add("203.0.113.1").empty());
    // Known jobs in rotation of two networks; every fourth is an unknown one, in rotation of two networks.
    CHECK(fixture.serve(8) == names{mine, "192.0.2.8", mine, mine, mine, mine, mine, "203.0.113.1"});
    CHECK(fixture.serve(24) == names(24, mine));
}

// Many users behind one address log in at once, while others guess from everywhere.
TEST_CASE("users behind one address are served while many addresses guess")
{
    queue_fixture fixture{128};
    for (int i = 0; i < 250; ++i) fixture.add(guesser(i));
    int refused = 0;
    for (int i = 0; i < 20; ++i) refused += fixture.add("192.0.2.7", source::known) == "192.0.2.7" ? 1 : 0;
    CHECK(refused <= 4);
    auto const served = fixture.serve(22);
    CHECK(std::ranges::count(served, "192.0.2.7") >= 16);
}

TEST_CASE("a job is withdrawn from either share and closing returns both")
{
    queue_fixture fixture{8};
    fixture.add("192.0.2.1");
    fixture.add("192.0.2.2", source::known);
    fixture.add("192.0.2.3");
    CHECK(fixture.queue.withdraw(2)->network() == "192.0.2.2");
    CHECK(fixture.queue.withdraw(1)->network() == "192.0.2.1");
    CHECK(fixture.queue.withdraw(1) == nullptr);
    fixture.add("192.0.2.4", source::known);
    CHECK(fixture.queue.size() == 2);
    CHECK(fixture.queue.close().size() == 2);
    CHECK(fixture.queue.size() == 0);
    CHECK(fixture.queue.pop() == nullptr);
}
