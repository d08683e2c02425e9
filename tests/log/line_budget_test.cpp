// Promise N15 of SECURITY.md.
#include "log/line_budget.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace porter::detail::log {
namespace {

using std::chrono::seconds;

constexpr std::size_t line_bytes = 128;
constexpr std::size_t lines_per_network = line_budget::bytes_per_network / line_bytes;

/// A budget with a clock of its own.
struct budget_fixture {
    /// How many of `count` lines about the address are admitted.
    std::size_t admitted(std::string const& address, std::size_t count, level severity = level::info)
    {
        std::size_t passed = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (budget.admit(address, severity, line_bytes, now).is_admitted) ++passed;
        }
        return passed;
    }

    std::vector<std::string> finished()
    {
        std::vector<std::string> all;
        for (auto const& one : budget.take_finished(now)) {
            all.push_back(one.network + ' ' + std::to_string(one.lines) +
                          (one.has_errors ? " with errors in " : " in ") + std::to_string(one.length.count()));
        }
        return all;
    }

    line_budget::time now{seconds{1000}};
    line_budget budget{now};
};

using texts = std::vector<std::string>;

std::string in_site(std::size_t number, std::size_t site = 1)
{
    return "2001:db8:" + std::to_string(site) + ':' + std::to_string(number % 10'000) + "::1";
}

}  // namespace

TEST_CASE("lines of a network beyond its budget are counted and told of when the minute is over")
{
    budget_fixture here;
    CHECK(here.admitted("192.0.2.7", lines_per_network + 100) == lines_per_network);
    here.now += seconds{59};
    CHECK(here.finished().empty());
    CHECK_FALSE(here.budget.admit("192.0.2.7", level::info, line_bytes, here.now).is_admitted);
    here.now += seconds{1};
    auto const next = here.budget.admit("192.0.2.7", level::info, line_bytes, here.now);
    CHECK(next.is_admitted);
    CHECK(next.has_finished);
    CHECK(here.finished() == texts{"192.0.2.7 101 in 60"});
    CHECK(here.finished().empty());
}

TEST_CASE("a minute of a flood is told of although no line comes after it")
{
    budget_fixture here;
    here.admitted("192.0.2.7", lines_per_network + 1);
    here.now += seconds{300};
    CHECK(here.finished() == texts{"192.0.2.7 1 in 60"});
}

TEST_CASE("at the end of the log the minute that is not over is told of")
{
    budget_fixture here;
    here.admitted("192.0.2.7", lines_per_network + 3);
    here.now += seconds{7};
    auto const all = here.budget.take_all(here.now);
    REQUIRE(all.size() == 1);
    CHECK(all.front().lines == 3);
    CHECK(all.front().length == seconds{7});
}

TEST_CASE("each IPv4 address has a budget of its own")
{
    budget_fixture here;
    CHECK(here.admitted("192.0.2.7", lines_per_network + 1) == lines_per_network);
    CHECK(here.admitted("192.0.2.8", lines_per_network + 1) == lines_per_network);
    here.now += line_budget::window;
    CHECK(here.finished().size() == 2);
}

TEST_CASE("all addresses of an IPv6 /64 share a budget")
{
    budget_fixture here;
    std::size_t passed = 0;
    for (std::size_t i = 0; i < lines_per_network + 5; ++i) {
        passed += here.admitted("2001:db8:0:1::" + std::to_string(i % 10'000), 1);
    }
    CHECK(passed == lines_per_network);
    CHECK(here.admitted("2001:db8:0:2::1", 10) == 10);
    here.now += line_budget::window;
    CHECK(here.finished() == texts{"2001:db8:0:1::/64 5 in 60"});
}

TEST_CASE("all networks of an IPv6 /48 together have eight times the budget of one")
{
    budget_fixture here;
    std::size_t passed = 0;
    for (std::size_t i = 0; i < 9 * lines_per_network; ++i) passed += here.admitted(in_site(i), 1);
    CHECK(passed == 8 * lines_per_network);
    CHECK(here.admitted(in_site(1, 2), 10) == 10);
    here.now += line_budget::window;
    CHECK(here.finished() == texts{"2001:db8:1::/48 " + std::to_string(lines_per_network) + " in 60"});
}

TEST_CASE("what a network is denied is not taken from the budget of its /48")
{
    budget_fixture here;
    CHECK(here.admitted(in_site(1), 20 * lines_per_network) == lines_per_network);
    CHECK(here.admitted(in_site(2), lines_per_network) == lines_per_network);
}

TEST_CASE("errors have room behind a flood and when that is used up the report says that there were some")
{
    budget_fixture here;
    here.admitted("192.0.2.7", lines_per_network);
    constexpr auto room = line_budget::bytes_for_errors / line_bytes;
    CHECK(here.admitted("192.0.2.7", 1, level::warn) == 0);
    CHECK(here.admitted("192.0.2.7", room + 1, level::error) == room);
    here.now += line_budget::window;
    CHECK(here.finished() == texts{"192.0.2.7 2 with errors in 60"});
}

TEST_CASE("a line that names no address has no budget")
{
    budget_fixture here;
    for (auto const* const none :
         {"", "localhost", "192.0.2.0/24", "1234567890123456789012345678901234567890123456789"}) {
        CHECK(here.admitted(none, 2 * lines_per_network) == 2 * lines_per_network);
    }
}

TEST_CASE("networks that the table has no room for share one budget and those in it keep theirs")
{
    budget_fixture here;
    CHECK(here.admitted("192.0.2.7", 1) == 1);
    for (std::size_t i = 0; i < 8 * line_budget::slots; ++i) {
        here.admitted(
            "10." + std::to_string(i >> 16) + '.' + std::to_string((i >> 8) & 255) + '.' + std::to_string(i & 255), 1);
    }
    std::size_t passed = 0;
    constexpr std::size_t networks = 1000;
    constexpr std::size_t each = 2 * line_budget::bytes_of_others / line_bytes / networks;
    for (std::size_t i = 0; i < networks; ++i) {
        passed += here.admitted("172.16." + std::to_string(i >> 8) + '.' + std::to_string(i & 255), each);
    }
    CHECK(passed <= line_budget::bytes_of_others / line_bytes);
    CHECK(passed > line_budget::bytes_of_others / line_bytes / 2);
    CHECK(here.admitted("192.0.2.7", lines_per_network) == lines_per_network - 1);
    here.now += line_budget::window;
    auto const told = here.finished();
    REQUIRE(told.size() == 2);
    CHECK(told[1].starts_with("others "));
}

TEST_CASE("a full table of /64s leaves the budgets of the /48s")
{
    budget_fixture here;
    for (std::size_t i = 0; i < 8 * line_budget::slots; ++i) here.admitted(in_site(i, 3), 1);
    CHECK(here.admitted(in_site(1, 4), 20 * lines_per_network) <= 8 * lines_per_network);
}

TEST_CASE("a day of a flood from one /64 is less than two gibibytes of log")
{
    constexpr std::uint64_t minutes = 24 * 60;
    constexpr std::uint64_t report_line = 256;
    // The end of a session gets a line without an address, as often as there are logins; each costs a hash. It has the
    // name of an account, of 64 characters at most.
    constexpr std::uint64_t ended_sessions = 30 * 60 * 400;
    STATIC_REQUIRE(minutes *
                       (line_budget::bytes_per_network + line_budget::bytes_for_errors + report_line + ended_sessions) <
                   std::uint64_t{1} << 31);
}

}  // namespace porter::detail::log
