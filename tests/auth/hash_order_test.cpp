// Promise N8 of SECURITY.md: a login from an uninvolved address is served.
#include <string>
#include <string_view>
#include <vector>

#include "auth/hash_queue.hpp"
#include "support/catch.hpp"

using namespace porter;
using rooms::auth::hash_job;
using rooms::auth::hash_queue;
using rooms::auth::standing;

namespace {

class silent_job final : public hash_job {
public:
    using hash_job::hash_job;
    void run(rooms::auth::hash_function&) override {}
    void refuse(failure) override {}
};

struct queue_fixture {
    explicit queue_fixture(std::size_t limit) : queue(limit) {}

    /// Whose job had to go; empty: nobody's.
    std::string ask(std::string_view from, standing who = standing::stranger)
    {
        auto const there = *rooms::identity::address::parse(from);
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

TEST_CASE("whom the account knows is served before any number of strangers")
{
    constexpr int many = 200;
    queue_fixture at{16};
    for (int i = 0; i < many; ++i) at.ask(storm(i));
    REQUIRE(at.queue.size() == 16);
    CHECK(at.ask("192.0.2.7", standing::known) == storm(15));
    CHECK(at.serve() == "192.0.2.7");
    CHECK(at.serve() == storm(0));
}

TEST_CASE("strangers have one turn in four")
{
    queue_fixture at{16};
    for (int i = 0; i < 4; ++i) at.ask(storm(i));
    for (int i = 0; i < 7; ++i) at.ask("192.0.2.7", standing::known);
    auto const mine = std::string{"192.0.2.7"};
    CHECK(at.serve(11) == names{mine, mine, mine, storm(0), mine, mine, mine, storm(1), mine, storm(2), storm(3)});
}

TEST_CASE("a network is a stranger to one account and known to another one")
{
    queue_fixture at{3};
    at.ask("192.0.2.1");
    at.ask("192.0.2.1");
    at.ask("192.0.2.2");
    CHECK(at.ask("192.0.2.1", standing::known) == "192.0.2.1");
    CHECK(at.serve(3) == names{"192.0.2.1", "192.0.2.1", "192.0.2.2"});
}

TEST_CASE("where there are too many a stranger of the longest line has to go and the known ones last")
{
    queue_fixture at{3};
    CHECK(at.ask("192.0.2.1").empty());
    CHECK(at.ask("192.0.2.2").empty());
    CHECK(at.ask("192.0.2.2").empty());
    CHECK(at.ask("192.0.2.3") == "192.0.2.2");
    CHECK(at.ask("192.0.2.4") == "192.0.2.4");
    for (auto const* each : {"192.0.2.3", "192.0.2.2", "192.0.2.1"})
        CHECK(at.ask("192.0.2.7", standing::known) == each);
    CHECK(at.ask("192.0.2.4") == "192.0.2.4");
    CHECK(at.ask("192.0.2.8", standing::known) == "192.0.2.7");
}
