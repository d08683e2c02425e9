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

class silent_job final : public hash_job {
public:
    using hash_job::hash_job;
    void run(detail::auth::hash_function&) override {}
    void reject(error) override {}
};

struct queue_fixture {
    explicit queue_fixture(std::size_t limit) : queue(limit) {}

    /// Whose job had to go; empty: nobody's.
    std::string ask(std::string_view from, source who = source::unknown)
    {
        auto const there = *detail::identity::address::parse(from);
        auto const surplus = queue.push(std::make_unique<silent_job>(++last, there, who));
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

std::string storm(int number)
{
    return "198.51.100." + std::to_string(number + 1);
}

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("networks take turns whatever each has asked for")
{
    queue_fixture at{8};
    for (auto const* each : {"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2"}) at.ask(each);
    CHECK(at.serve(5) == names{"192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2", "192.0.2.1"});
}

TEST_CASE("a known job is served before any number of strangers")
{
    constexpr int many = 200;
    queue_fixture at{16};
    for (int i = 0; i < many; ++i) at.ask(storm(i));
    REQUIRE(at.queue.size() == 16);
    CHECK(at.ask("192.0.2.7", source::known) == storm(15));
    CHECK(at.serve() == "192.0.2.7");
    CHECK(at.serve() == storm(0));
}

TEST_CASE("strangers have one turn in four")
{
    queue_fixture at{64};
    for (int i = 0; i < 4; ++i) at.ask(storm(i));
    for (int i = 0; i < 7; ++i) at.ask("192.0.2.7", source::known);
    auto const mine = std::string{"192.0.2.7"};
    CHECK(at.serve(11) == names{mine, mine, mine, storm(0), mine, mine, mine, storm(1), mine, storm(2), storm(3)});
}

TEST_CASE("a network is unknown to one account and known to another one")
{
    queue_fixture at{3};
    at.ask("192.0.2.1");
    at.ask("192.0.2.1");
    at.ask("192.0.2.2");
    CHECK(at.ask("192.0.2.1", source::known) == "192.0.2.1");
    CHECK(at.serve(3) == names{"192.0.2.1", "192.0.2.1", "192.0.2.2"});
}

TEST_CASE("where there are too many the last job of the longest line goes")
{
    queue_fixture at{3};
    CHECK(at.ask("192.0.2.1").empty());
    CHECK(at.ask("192.0.2.2").empty());
    CHECK(at.ask("192.0.2.2").empty());
    CHECK(at.ask("192.0.2.3") == "192.0.2.2");
    CHECK(at.ask("192.0.2.4") == "192.0.2.4");
    CHECK(at.serve(3) == names{"192.0.2.1", "192.0.2.2", "192.0.2.3"});
}

TEST_CASE("neither strangers nor known jobs take the half that is reserved for the others")
{
    queue_fixture at{4};
    for (int i = 0; i < 4; ++i) CHECK(at.ask(storm(i)).empty());
    CHECK(at.ask("192.0.2.1", source::known) == storm(3));
    CHECK(at.ask("192.0.2.2", source::known) == storm(2));
    CHECK(at.ask("192.0.2.3", source::known) == "192.0.2.3");
    CHECK(at.ask(storm(9)) == storm(9));
    CHECK(at.serve(4) == names{"192.0.2.1", "192.0.2.2", storm(0), storm(1)});

    for (int i = 0; i < 4; ++i) CHECK(at.ask("192.0.2." + std::to_string(i + 1), source::known).empty());
    CHECK(at.ask(storm(0)) == "192.0.2.4");
    CHECK(at.ask(storm(1)) == "192.0.2.3");
    CHECK(at.ask(storm(2)) == storm(2));
    CHECK(at.ask("192.0.2.9", source::known) == "192.0.2.9");
}

// Seven addresses with accounts of their own, and as many logins at once as the throttle lets wait.
TEST_CASE("addresses with free accounts keep out neither newcomers nor owners")
{
    queue_fixture at{128};
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 7; ++i) at.ask(storm(i), source::known);
    }
    REQUIRE(at.queue.size() == 128);
    for (int i = 0; i < 36; ++i) {
        auto const newcomer = "203.0.113." + std::to_string(i);
        CHECK(at.ask(newcomer) != newcomer);
    }
    CHECK(at.ask("192.0.2.7", source::known) != "192.0.2.7");
    auto const served = at.serve(32);
    CHECK(std::ranges::count(served, "192.0.2.7") == 1);
    CHECK(std::ranges::count(served, "203.0.113.0") == 1);  // seven lines of attackers before it, each fourth turn
}

TEST_CASE("one network does not take the strangers' places beside others")
{
    queue_fixture at{16};
    for (int i = 0; i < 16; ++i) at.ask("198.51.100.1");
    for (int i = 0; i < 8; ++i) CHECK(at.ask("192.0.2." + std::to_string(i)) == "198.51.100.1");
    CHECK(at.ask("198.51.100.1") == "198.51.100.1");
    auto const served = at.serve(16);
    for (int i = 0; i < 8; ++i) CHECK(served[static_cast<std::size_t>(i) + 1] == "192.0.2." + std::to_string(i));
}

TEST_CASE("beyond its bound a network's known jobs wait as a stranger's and are served all the same")
{
    queue_fixture at{64};
    auto const mine = std::string{"192.0.2.7"};
    REQUIRE(at.queue.known_per_network() == 8);
    for (int i = 0; i < 30; ++i) CHECK(at.ask(mine, source::known).empty());
    CHECK(at.ask("192.0.2.8", source::known).empty());
    CHECK(at.ask("203.0.113.1").empty());
    // Known jobs by turns of the two networks; every fourth is a stranger's, by turns of the same two lines.
    CHECK(at.serve(8) == names{mine, "192.0.2.8", mine, mine, mine, mine, mine, "203.0.113.1"});
    CHECK(at.serve(24) == names(24, mine));
}

// Thirty people behind one address at nine in the morning, while others guess from everywhere.
TEST_CASE("people behind one address are served while strangers storm")
{
    queue_fixture at{128};
    for (int i = 0; i < 250; ++i) at.ask(storm(i));
    int refused = 0;
    for (int i = 0; i < 20; ++i) refused += at.ask("192.0.2.7", source::known) == "192.0.2.7" ? 1 : 0;
    CHECK(refused <= 4);
    auto const served = at.serve(22);
    CHECK(std::ranges::count(served, "192.0.2.7") >= 16);
}

TEST_CASE("a job is taken out of either share and closing hands over both")
{
    queue_fixture at{8};
    at.ask("192.0.2.1");
    at.ask("192.0.2.2", source::known);
    at.ask("192.0.2.3");
    CHECK(at.queue.withdraw(2)->network() == "192.0.2.2");
    CHECK(at.queue.withdraw(1)->network() == "192.0.2.1");
    CHECK(at.queue.withdraw(1) == nullptr);
    at.ask("192.0.2.4", source::known);
    CHECK(at.queue.size() == 2);
    CHECK(at.queue.close().size() == 2);
    CHECK(at.queue.size() == 0);
    CHECK(at.queue.pop() == nullptr);
}
