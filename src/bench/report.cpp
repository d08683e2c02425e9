#include "bench/report.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/text.hpp"
#include "porter/version.hpp"

namespace porter::detail::bench {

namespace {

struct percentile {
    double percent;
    std::string_view name;
};
constexpr std::array<percentile, 4> percentiles{{{50, "p50"}, {90, "p90"}, {99, "p99"}, {99.9, "p99.9"}}};

double microseconds(std::chrono::nanoseconds value)
{
    return std::chrono::duration<double, std::micro>(value).count();
}

std::string_view name_of(protocol::access_mode access)
{
    constexpr std::array<std::string_view, 3> names{"open", "identify", "authenticate"};
    return names.at(static_cast<std::size_t>(access));
}

std::string_view unit_of(mode what)
{
    return what == mode::echo || what == mode::idle ? "message" : "visit";
}

nlohmann::json json_of(figures const& one)
{
    nlohmann::json run{{"connections", one.connections},
                       {"count", one.done},
                       {"latency_count", one.latencies.count()},
                       {"per_second", one.per_second()},
                       {"errors", one.fault_count()},
                       {"load", {{"cpu_share", one.load_cpu_share}, {"waited_share", one.load_waited_share}}}};
    auto& latency = run["latency_us"];
    for (auto const& [percent, name] : percentiles)
        latency[std::string{name}] = microseconds(one.latencies.at(percent));
    latency["mean"] = microseconds(one.latencies.mean());
    latency["max"] = microseconds(one.latencies.greatest());
    auto& faults = run["faults"] = nlohmann::json::object();
    for (auto const& [reason, counted] : one.faults) faults[reason] = counted.count;
    if (one.rss) {
        auto& server = run["server"];
        server["cpu_share"] = *one.cpu_share;
        server["rss_bytes"] = *one.rss;
        if (one.cpu_each) server["cpu_us_each"] = microseconds(*one.cpu_each);
        if (one.rss_each) server["rss_bytes_per_connection"] = *one.rss_each;
    }
    return run;
}

std::string_view in_words(content what)
{
    switch (what) {
        case content::text:
            return "texts";
        case content::cyrillic:
            return "Cyrillic texts";
        case content::data:
            break;
    }
    return "data";
}

}  // namespace

std::string short_time(std::chrono::nanoseconds value)
{
    constexpr std::array<std::string_view, 4> units{"ns", "us", "ms", "s"};
    auto number = static_cast<double>(value.count());
    std::size_t unit = 0;
    for (; number >= 999.5 && unit + 1 < units.size(); ++unit) number /= 1000;
    auto const digits = number >= 99.95 || unit == 0 ? 0 : number >= 9.995 ? 1 : 2;
    return fmt::format("{:.{}f} {}", number, digits, units[unit]);
}

std::string title(config const& measured, target const& door)
{
    auto line = fmt::format("{} against {}{}, {} access", bench::name_of(measured.mode), base::escape(door.server()),
                            door.is_secure() ? " over TLS" : "", name_of(door.access()));
    if (measured.mode == mode::echo) {
        line += fmt::format(", {} of {} bytes", in_words(measured.kind), measured.payload);
        if (!measured.rate) line += fmt::format(", depth {}", measured.depth);
    }
    if (measured.rate) line += fmt::format(", {:.0f} a second", *measured.rate);
    return line;
}

std::string table(config const& measured, std::span<figures const> all)
{
    auto const idle = measured.mode == mode::idle;
    auto const any_server = !all.empty() && all.front().rss;
    auto text = fmt::format("{:>11}", "connections");
    if (!idle)
        text += fmt::format(" {:>12} {:>9} {:>9} {:>9} {:>9} {:>9}", "per second", "p50", "p90", "p99", "p99.9", "max");
    if (any_server && !idle) text += fmt::format(" {:>14}", fmt::format("CPU/{}", unit_of(measured.mode)));
    if (any_server) text += fmt::format(" {:>10} {:>15}", "RSS", stays(measured.mode) ? "RSS/connection" : "");
    text += fmt::format(" {:>7}\n", "errors");
    for (auto const& one : all) {
        text += fmt::format("{:>11}", one.connections);
        if (!idle) {
            text += fmt::format(" {:>12.0f}", one.per_second());
            for (auto const& [percent, name] : percentiles)
                text += fmt::format(" {:>9}", short_time(one.latencies.at(percent)));
            text += fmt::format(" {:>9}", short_time(one.latencies.greatest()));
        }
        if (one.rss && !idle) text += fmt::format(" {:>14}", one.cpu_each ? short_time(*one.cpu_each) : "-");
        if (one.rss) {
            text += fmt::format(" {:>6.1f} MiB", static_cast<double>(*one.rss) / (1 << 20));
            text += fmt::format(" {:>15}", one.rss_each ? fmt::format("{} B", *one.rss_each) : "");
        }
        text += fmt::format(" {:>7}\n", one.fault_count());
    }
    return text;
}

std::string json(config const& measured, target const& door, std::span<figures const> all)
{
    nlohmann::json whole{{"program", "porter-bench/" + std::string{version}},
                         {"mode", bench::name_of(measured.mode)},
                         {"server", door.server()},
                         {"access", name_of(door.access())},
                         {"tls", door.is_secure()},
                         {"threads", measured.threads},
                         {"warm_up_s", std::chrono::duration<double>(measured.warm_up).count()},
                         {"duration_s", std::chrono::duration<double>(measured.duration).count()},
                         {"loop", measured.rate ? "open" : "closed"}};
    if (measured.mode == mode::echo || measured.mode == mode::resume) {
        whole["kind"] = name_of(measured.kind);
        whole["payload_bytes"] = measured.payload;
    }
    if (measured.rate) whole["rate"] = *measured.rate;
    if (measured.mode == mode::echo && !measured.rate) whole["depth"] = measured.depth;
    for (auto const& one : all) whole["runs"].push_back(json_of(one));
    // What the server calls itself is its own business; JSON is UTF-8 whatever it says.
    return whole.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace porter::detail::bench
