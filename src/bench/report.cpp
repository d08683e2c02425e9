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

std::string_view unit_of(mode value)
{
    return is_persistent(value) ? "message" : "connection";
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
    for (auto const& [reason, tally] : one.faults) faults[reason] = tally.count;
    if (one.rss) {
        auto& server = run["server"];
        server["cpu_share"] = *one.cpu_share;
        server["rss_bytes"] = *one.rss;
        if (one.cpu_each) server["cpu_us_each"] = microseconds(*one.cpu_each);
        if (one.rss_each) server["rss_bytes_per_connection"] = *one.rss_each;
    }
    return run;
}

std::string_view noun_of(content value)
{
    switch (value) {
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

std::string title(config const& config, target const& target)
{
    auto line = fmt::format("{} against {}{}, {} access", bench::name_of(config.mode), base::escape(target.server()),
                            target.uses_tls() ? " over TLS" : "", name_of(target.access()));
    if (config.mode == mode::echo) {
        line += fmt::format(", {} of {} bytes", noun_of(config.content), config.payload);
        if (!config.rate) line += fmt::format(", depth {}", config.depth);
    }
    if (config.rate) line += fmt::format(", {:.0f} a second", *config.rate);
    return line;
}

std::string table(config const& config, std::span<figures const> all)
{
    auto const idle = config.mode == mode::idle;
    auto const has_server = !all.empty() && all.front().rss;
    auto text = fmt::format("{:>11}", "connections");
    if (!idle)
        text += fmt::format(" {:>12} {:>9} {:>9} {:>9} {:>9} {:>9}", "per second", "p50", "p90", "p99", "p99.9", "max");
    if (has_server && !idle) text += fmt::format(" {:>14}", fmt::format("CPU/{}", unit_of(config.mode)));
    if (has_server) text += fmt::format(" {:>10} {:>15}", "RSS", is_persistent(config.mode) ? "RSS/connection" : "");
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

std::string json(config const& config, target const& target, std::span<figures const> all)
{
    nlohmann::json document{{"program", "porter-bench/" + std::string{version}},
                            {"mode", bench::name_of(config.mode)},
                            {"server", target.server()},
                            {"access", name_of(target.access())},
                            {"tls", target.uses_tls()},
                            {"threads", config.threads},
                            {"warm_up_s", std::chrono::duration<double>(config.warm_up).count()},
                            {"duration_s", std::chrono::duration<double>(config.duration).count()},
                            {"loop", config.rate ? "open" : "closed"}};
    if (config.mode == mode::echo || config.mode == mode::resume) {
        document["kind"] = name_of(config.content);
        document["payload_bytes"] = config.payload;
    }
    if (config.rate) document["rate"] = *config.rate;
    if (config.mode == mode::echo && !config.rate) document["depth"] = config.depth;
    for (auto const& one : all) document["runs"].push_back(json_of(one));
    // The server's name may be invalid UTF-8.
    return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace porter::detail::bench
