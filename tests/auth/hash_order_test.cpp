// Promise N8 of SECURITY.md: a login from an uninvolved address is served.
#include <string>
#include <string_view>
#include <vector>

#include "auth/hash_queue.hpp"
#include "support/catch.hpp"

using namespace porter;
using namespace std::chrono_literals;
using rooms::auth::hash_job;
using rooms::auth::hash_queue;
using rooms::auth::recent_demand;

namespace {

class silent_job final : public hash_job {
public:
    using hash_job::hash_job;
    void run(rooms::auth::hash_function&) override {}
    void refuse(failure) override {}
};

/// A queue whose jobs come at times that the test says.
struct queue_fixture {
    explicit queue_fixture(std::size_t limit) : queue(limit) {}

    /// Whose job had to go; empty: nobody's.
    std::string ask(std::string_view from)
    {
        auto const there = *rooms::identity::address::parse(from);
        auto const surplus = queue.push(std::make_unique<silent_job>(++last, there), now);
        return surplus ? surplus->network() : std::string{};
    }

    std::string serve() { return queue.pop()->network(); }

    hash_queue queue;
    hash_job::ticket last = 0;
    hash_queue::time_point now{100s};
};

std::string storm(int number)
{
    return "198.51.100." + std::to_string(number + 1);
}

}  // namespace

TEST_CASE("networks that ask as often take turns")
{
    queue_fixture at{8};
    for (auto const* each : {"192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2"}) at.ask(each);
    std::vector<std::string> served;
    for (int i = 0; i < 4; ++i) served.push_back(at.serve());
    CHECK(served == std::vector<std::string>{"192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2"});
}

TEST_CASE("who comes once is served before thousands who keep coming")
{
    constexpr int many = 200;
    queue_fixture at{16};
    for (int round = 0; round < 4; ++round) {
        for (int i = 0; i < many; ++i) at.ask(storm(i));
    }
    REQUIRE(at.queue.size() == 16);
    CHECK(at.ask("192.0.2.7") != "192.0.2.7");
    CHECK(at.serve() == "192.0.2.7");
    // Its second try is still before theirs, and later the storm is served again.
    at.now += 1s;
    for (int i = 0; i < many; ++i) at.ask(storm(i));
    CHECK(at.ask("192.0.2.7") != "192.0.2.7");
    CHECK(at.serve() == "192.0.2.7");
    CHECK(at.serve() != "192.0.2.7");
}

TEST_CASE("where there are too many the one that asked most has to go")
{
    queue_fixture at{3};
    CHECK(at.ask("192.0.2.1").empty());
    CHECK(at.ask("192.0.2.2").empty());
    CHECK(at.ask("192.0.2.2").empty());
    CHECK(at.ask("192.0.2.3") == "192.0.2.2");
    CHECK(at.ask("192.0.2.2") == "192.0.2.2");
    CHECK(at.ask("192.0.2.4") == "192.0.2.2");
    CHECK(at.ask("192.0.2.5") == "192.0.2.5");  // all have asked once: who came last
}

TEST_CASE("what was asked for a while ago is forgotten")
{
    recent_demand demand;
    auto now = recent_demand::time_point{100s};
    for (std::size_t i = 1; i <= 5; ++i) CHECK(demand.add("one", now) == i);
    CHECK(demand.add("another", now) == 1);
    now += recent_demand::period;
    CHECK(demand.add("one", now) == 6);
    now += recent_demand::period;
    CHECK(demand.add("one", now) == 2);
    now += 3 * recent_demand::period;
    CHECK(demand.add("one", now) == 1);
}

TEST_CASE("what is remembered of who asked is bounded")
{
    recent_demand demand;
    auto const now = recent_demand::time_point{100s};
    CHECK(demand.add("one", now) == 1);
    for (std::size_t i = 0; i < recent_demand::most_networks; ++i) demand.add(std::to_string(i), now);
    CHECK(demand.add("one", now) == 2);  // of the period that was over early
    for (std::size_t i = 0; i < 2 * recent_demand::most_networks; ++i) demand.add(std::to_string(i), now);
    CHECK(demand.add("one", now) == 1);
}
