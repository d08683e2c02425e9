#include "bench/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bench/drawing.hpp"
#include "bench/report.hpp"

namespace porter::detail::bench {

namespace {

/// A percentile, and its position on the axis: 1 / (share of values above it), so each further nine has the same width.
struct percentile {
    double percent;
    double rarity;
};
constexpr std::array<percentile, 10> percentiles{{{50, 2},
                                                  {75, 4},
                                                  {90, 10},
                                                  {95, 20},
                                                  {98, 50},
                                                  {99, 100},
                                                  {99.5, 200},
                                                  {99.8, 500},
                                                  {99.9, 1000},
                                                  {99.99, 10'000}}};

double microseconds(std::chrono::nanoseconds value)
{
    return std::max(std::chrono::duration<double, std::micro>(value).count(), 0.001);  // the axis is logarithmic
}

diagram latency_diagram(std::string const& title, std::span<figures const> all)
{
    auto min = 1e12;
    auto max = 0.001;
    std::vector<diagram::line> lines;
    for (auto const& one : all) {
        auto& line = lines.emplace_back();
        line.name = fmt::format("{} connection{}", one.connections, one.connections == 1 ? "" : "s");
        for (auto const& [percent, rarity] : percentiles) {
            // Too few values for this percentile.
            if (static_cast<double>(one.latencies.count()) < rarity) break;
            auto const value = microseconds(one.latencies.at(percent));
            line.points.emplace_back(rarity, value);
            min = std::min(min, value);
            max = std::max(max, value);
        }
    }
    axis const x{2, 10'000, true};
    axis const y{std::min(min, max) * 0.8, max * 1.25, true};
    std::vector<tick> y_ticks;
    for (auto const value : y.ticks()) {
        auto const time = std::chrono::duration<double, std::micro>(value);
        y_ticks.emplace_back(value, short_time(std::chrono::round<std::chrono::nanoseconds>(time)));
    }
    std::vector<tick> x_ticks{{2, "50 %"}, {10, "90 %"}, {100, "99 %"}, {1000, "99.9 %"}, {10'000, "99.99 %"}};
    return {title, "percentile", "latency", x, y, std::move(x_ticks), std::move(y_ticks), std::move(lines)};
}

diagram rate_diagram(std::span<figures const> all)
{
    diagram::line line;
    for (auto const& one : all) line.points.emplace_back(one.connections, one.per_second());
    std::ranges::sort(line.points);
    auto max = 1.0;
    std::vector<tick> x_ticks;
    for (auto const& [connections, rate] : line.points) {
        x_ticks.emplace_back(connections, fmt::format("{:.0f}", connections));
        max = std::max(max, rate);
    }
    axis const x{line.points.front().first, line.points.back().first, true};
    axis const y{0, max * 1.1, false};
    std::vector<tick> y_ticks;
    for (auto const value : y.ticks()) y_ticks.emplace_back(value, fmt::format("{:.0f}", value));
    return {"", "connections", "per second", x, y, std::move(x_ticks), std::move(y_ticks), {std::move(line)}};
}

}  // namespace

std::string plot(std::string const& title, std::span<figures const> all)
{
    auto elements = latency_diagram(title, all).draw(0);
    auto height = diagram::height;
    if (all.size() > 1) {
        elements += rate_diagram(all).draw(height);
        height += diagram::height;
    }
    return svg(diagram::width, height, elements);
}

}  // namespace porter::detail::bench
