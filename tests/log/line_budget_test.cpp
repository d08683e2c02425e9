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

/// A budget with a manual clock.
struct budget_fixture {
    /// The number of `count` lines about the address that are admitted.
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
        for (auto const& each : budget.take_finished(now)) {
            all.push_back(each.network + ' ' + std::to_string(each.lines) +
                          (each.has_errors ? " with errors in " : " in ") + std::to_string(each.length.count()));
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

TEST_CASE("lines of a network beyond its budget are counted and reported when the minute is over")
{
    budget_fixture fixture;
    CHECK(fixture.admitted("192.0.2.7", lines_per_network + 100) == lines_per_network);
    fixture.now += seconds{59};
    CHECK(fixture.finished().empty());
    CHECK_FALSE(fixture.budget.admit("192.0.2.7", level::info, line_bytes, fixture.now).is_admitted);
    fixture.now += seconds{1};
    auto const next = fixture.budget.admit("192.0.2.7", level::info, line_bytes, fixture.now);
    CHECK(next.is_admitted);
    CHECK(next.has_finished);
    CHECK(fixture.finished() == texts{"192.0.2.7 101 in 60"});
    CHECK(fixture.finished().empty());
}

TEST_CASE("a flood is reported although no line follows it")
{
    budget_fixture fixture;
    fixture.admitted("192.0.2.7", lines_per_network + 1);
    fixture.now += seconds{300};
    CHECK(fixture.finished() == texts{"192.0.2.7 1 in 60"});
}

TEST_CASE("at the end of the log the current minute is reported")
{
    budget_fixture fixture;
    fixture.admitted("192.0.2.7", lines_per_network + 3);
    fixture.now += seconds{7};
    auto const all = fixture.budget.take_all(fixture.now);
    REQUIRE(all.size() == 1);
    CHECK(all.front().lines == 3);
    CHECK(all.front().length == seconds{7});
}

TEST_CASE("each IPv4 address has a budget of its own")
{
    budget_fixture fixture;
    CHECK(fixture.admitted("192.0.2.7", lines_per_network + 1) == lines_per_network);
    CHECK(fixture.admitted("192.0.2.8", lines_per_network + 1) == lines_per_network);
    fixture.now += line_budget::window;
    CHECK(fixture.finished().size() == 2);
}

TEST_CASE("all addresses of an IPv6 /64 share a budget")
{
    budget_fixture fixture;
    std::size_t passed = 0;
    for (std::size_t i = 0; i < lines_per_network + 5; ++i) {
        passed += fixture.admitted("2001:db8:0:1::" + std::to_string(i % 10'000), 1);
    }
    CHECK(passed == lines_per_network);
    CHECK(fixture.admitted("2001:db8:0:2::1", 10) == 10);
    fixture.now += line_budget::window;
    CHECK(fixture.finished() == texts{"2001:db8:0:1::/64 5 in 60"});
}

TEST_CASE("all networks of an IPv6 /48 together have eight times the budget of one")
{
    budget_fixture fixture;
    std::size_t passed = 0;
    for (std::size_t i = 0; i < 9 * lines_per_network; ++i) passed += fixture.admitted(in_site(i), 1);
    CHECK(passed == 8 * lines_per_network);
    CHECK(fixture.admitted(in_site(1, 2), 10) == 10);
    fixture.now += line_budget::window;
    CHECK(fixture.finished() == texts{"2001:db8:1::/48 " + std::to_string(lines_per_network) + " in 60"});
}

TEST_CASE("suppressed lines of a network are not charged to its /48")
{
    budget_fixture fixture;
    CHECK(fixture.admitted(in_site(1), 20 * lines_per_network) == lines_per_network);
    CHECK(fixture.admitted(in_site(2), lines_per_network) == lines_per_network);
}

TEST_CASE("errors have an extra budget and the report says whether errors were suppressed")
{
    budget_fixture fixture;
    fixture.admitted("192.0.2.7", lines_per_network);
    constexpr auto extra = line_budget::bytes_for_errors / line_bytes;
    CHECK(fixture.admitted("192.0.2.7", 1, level::warn) == 0);
    CHECK(fixture.admitted("192.0.2.7", extra + 1, level::error) == extra);
    fixture.now += line_budget::window;
    CHECK(fixture.finished() == texts{"192.0.2.7 2 with errors in 60"});
}

TEST_CASE("a line that names no address has no budget")
{
    budget_fixture fixture;
    for (auto const* const none :
         {"", "localhost", "192.0.2.0/24", "1234567890123456789012345678901234567890123456789"}) {
        CHECK(fixture.admitted(none, 2 * lines_per_network) == 2 * lines_per_network);
    }
}

TEST_CASE("networks without a slot in the table share one budget and those with a slot keep theirs")
{
    budget_fixture fixture;
    CHECK(fixture.admitted("192.0.2.7", 1) == 1);
    for (std::size_t i = 0; i < 8 * line_budget::slots; ++i) {
        fixture.admitted(
            "10." + std::to_string(i >> 16) + '.' + std::to_string((i >> 8) & 255) + '.' + std::to_string(i & 255), 1);
    }
    std::size_t passed = 0;
    constexpr std::size_t networks = 1000;
    constexpr std::size_t each = 2 * line_budget::bytes_of_others / line_bytes / networks;
    for (std::size_t i = 0; i < networks; ++i) {
        passed += fixture.admitted("172.16." + std::to_string(i >> 8) + '.' + std::to_string(i & 255), each);
    }
    CHECK(passed <= line_budget::bytes_of_others / line_bytes);
    CHECK(passed > line_budget::bytes_of_others / line_bytes / 2);
    CHECK(fixture.admitted("192.0.2.7", lines_per_network) == lines_per_network - 1);
    fixture.now += line_budget::window;
    auto const reported = fixture.finished();
    REQUIRE(reported.size() == 2);
    CHECK(reported[1].starts_with("others "));
}

TEST_CASE("a full table of /64s does not change the budgets of the /48s")
{
    budget_fixture fixture;
    for (std::size_t i = 0; i < 8 * line_budget::slots; ++i) fixture.admitted(in_site(i, 3), 1);
    CHECK(fixture.admitted(in_site(1, 4), 20 * lines_per_network) <= 8 * lines_per_network);
}

TEST_CASE("a day of a flood from one /64 is less than two gibibytes of log")
{
    constexpr std::uint64_t minutes = 24 * 60;
    constexpr std::uint64_t report_line = 256;
    // The end of a session is logged without an address. There are as many as logins, and each login costs a hash. The
    // line has the name of an account, of 64 characters at most.
    constexpr std::uint64_t ended_sessions = 30 * 60 * 400;
    STATIC_REQUIRE(minutes *
                       (line_budget::bytes_per_network + line_budget::bytes_for_errors + report_line + ended_sessions) <
                   std::uint64_t{1} << 31);
}

}  // namespace porter::detail::log
