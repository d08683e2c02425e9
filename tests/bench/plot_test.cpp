#include "bench/plot.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "bench/drawing.hpp"
#include "support/catch.hpp"

namespace porter::detail::bench {

using namespace std::chrono_literals;

namespace {

figures figures_of(unsigned connections, unsigned values, std::chrono::nanoseconds distance = 1us)
{
    figures one;
    one.connections = connections;
    one.measured = 1s;
    one.done = values;
    for (unsigned i = 1; i <= values; ++i) one.latencies.record(i * distance);
    return one;
}

/// Whether the elements are balanced and nested.
bool is_well_formed(std::string_view text)
{
    std::vector<std::string> open;
    while (true) {
        auto const begin = text.find('<');
        if (text.substr(0, begin).find('>') != std::string_view::npos) return false;
        if (begin == std::string_view::npos) return open.empty();
        auto const end = text.find('>', begin);
        if (end == std::string_view::npos) return false;
        auto const tag = text.substr(begin + 1, end - begin - 1);
        text.remove_prefix(end + 1);
        if (tag.starts_with('?') || tag.ends_with('/')) continue;
        if (std::ranges::count(tag, '"') % 2 != 0) return false;
        if (!tag.starts_with('/')) {
            open.emplace_back(tag.substr(0, tag.find(' ')));
        } else if (open.empty() || open.back() != tag.substr(1)) {
            return false;
        } else {
            open.pop_back();
        }
    }
}

std::size_t count(std::string_view text, std::string_view part)
{
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

}  // namespace

TEST_CASE("a plot is a well-formed document with a line for each number of connections")
{
    std::vector<figures> const all{figures_of(1, 20'000), figures_of(64, 500), figures_of(1000, 3000)};
    auto const document = plot("echo <against> \"porterd\" & others\x1b[2J", all);
    CHECK(is_well_formed(document));
    CHECK(document.starts_with("<?xml"));
    CHECK(count(document, "<polyline") == 4);  // and the rates
    CHECK(count(document, "64 connections") == 1);
    CHECK(count(document, "1 connection<") == 1);
    CHECK(count(document, "echo &lt;against&gt; &quot;porterd&quot; &amp; others\\x1b[2J") == 1);
    CHECK(count(document, "99.9 %") == 1);
}

TEST_CASE("one number of connections makes no plot of rates")
{
    std::vector<figures> const all{figures_of(8, 1000)};
    auto const document = plot("echo", all);
    CHECK(is_well_formed(document));
    CHECK(count(document, "<polyline") == 1);
}

TEST_CASE("no values or equal ones make a plot too")
{
    for (auto const& one : {figures_of(1, 0), figures_of(1, 1), figures_of(1, 50, 0ns)}) {
        std::vector<figures> const all{one, one};
        auto const document = plot("echo", all);
        CHECK(is_well_formed(document));
        CHECK(count(document, "nan") == 0);
        CHECK(count(document, "inf") == 0);
    }
}

TEST_CASE("a percentile of too few values is not drawn")
{
    std::vector<figures> const all{figures_of(1, 10)};
    CHECK(count(plot("echo", all), "<circle") == 3);
}

TEST_CASE("an axis is linear or logarithmic and has round ticks within")
{
    axis const even{0, 90'000, false};
    CHECK(even.at(0) == 0);
    CHECK(even.at(45'000) == 0.5);
    CHECK(even.ticks() == std::vector<double>{0, 20'000, 40'000, 60'000, 80'000});
    axis const powers{1, 100, true};
    CHECK(powers.at(1) == 0);
    CHECK(powers.at(10) == 0.5);
    CHECK(powers.at(100) == 1);
    CHECK(powers.ticks().size() == 7);
}

}  // namespace porter::detail::bench
