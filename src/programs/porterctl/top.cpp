#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "config/option_error.hpp"
#include "config/values.hpp"
#include "control/control_client.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/connections.hpp"
#include "programs/porterctl/load_rates.hpp"
#include "programs/porterctl/top_session.hpp"

namespace porter::programs {

namespace {

namespace config = detail::config;
namespace control = detail::control;
using config::exit_code;
using std::chrono::milliseconds;

/// Less would show noise, and each display costs porterd a look at each connection.
constexpr milliseconds shortest_interval{100};
constexpr milliseconds longest_interval = std::chrono::hours{1};
constexpr milliseconds default_interval{1000};

milliseconds interval_of(context const& ctx)
{
    if (!ctx.interval) return default_interval;
    auto const parsed = config::parse_duration(*ctx.interval);
    if (!parsed) throw config::option_error{exit_code::usage, "--interval: " + parsed.error()};
    if (*parsed < shortest_interval || *parsed > longest_interval) {
        throw config::option_error{exit_code::usage,
                                   fmt::format("--interval: from {} to {}", config::duration_text(shortest_interval),
                                               config::duration_text(longest_interval))};
    }
    return *parsed;
}

record snapshot_of(control::overview const& state, load_rates const& rates)
{
    auto const& load = state.load;
    return {{{"version", state.version},
             {"node", state.node},
             {"uptime_seconds", count_of(load.uptime_ms / 1000)},
             {"opening", count_of(load.opening)},
             {"access", count_of(load.access)},
             {"exchange", count_of(load.exchange)},
             {"closing", count_of(load.closing)},
             {"max_connections", count_of(load.max_connections)},
             {"connected_per_second", rates.accepted},
             {"messages_in_per_second", rates.messages_in},
             {"messages_out_per_second", rates.messages_out},
             {"bytes_in_per_second", rates.bytes_in},
             {"bytes_out_per_second", rates.bytes_out},
             {"granted_per_second", rates.granted},
             {"denied_per_second", rates.denied},
             {"throttled_per_second", rates.throttled},
             {"hash_threads", count_of(load.hash_threads)},
             {"passwords_waiting", count_of(load.hashes_waiting)},
             {"passwords_rejected_per_second", rates.hashes_rejected},
             {"hellos_waiting", count_of(load.hellos_waiting)},
             {"handshakes", count_of(load.handshakes)},
             {"store_operations_per_second", rates.store_operations},
             {"store_milliseconds", rates.store_ms},
             {"store_failed_per_second", rates.store_failed},
             {"throttled_networks", count_of(load.throttled_networks)},
             {"last_throttled", load.last_throttled}}};
}

/// Two overviews, since rates need two, and what is between them.
exit_code print_snapshot(context& ctx, std::filesystem::path const& path, milliseconds interval)
{
    control::get_overview counters;  // no rows
    auto const before = control::control_client{path}.ask(counters).load;
    std::this_thread::sleep_for(interval);
    control::get_overview asked;
    asked.by = control::sort_key::bytes;
    asked.is_descending = true;
    asked.limit = 256;
    auto const after = control::control_client{path}.ask(asked);
    auto object = snapshot_of(after, rates_between(before, after.load));
    std::vector<record> rows;
    for (auto const& row : after.rows) rows.push_back(record_of(row, after.node));
    if (ctx.out.is_json()) {
        object.fields.push_back({"connections", std::move(rows)});
        ctx.out.show(object);
    } else {
        ctx.out.show(object);
        ctx.out.lines(rows);
    }
    return exit_code::ok;
}

exit_code top(context& ctx)
{
    auto const interval = interval_of(ctx);
    auto const path = control_socket(ctx);
    if (ctx.out.is_json() || !ctx.out.has_screen()) return print_snapshot(ctx, path, interval);
    auto first = control::control_client{path}.ask(top_display{""}.query());
    int signal = 0;
    {
        top_session session{path, interval, ctx.out.has_styles(), std::move(first)};
        signal = session.run();
    }
    if (signal == 0 || signal == SIGINT) return exit_code::ok;
    std::raise(signal);  // so that the caller sees what has ended it
    return static_cast<exit_code>(128 + signal);
}

constexpr command table[] = {
    {"top", "", "", 0, 0, "interval", "the load of the porterd that runs with the data dir, live",
     "Shows connections, messages, accesses, queues and throttled networks, and a table of the connections\n"
     "that is sorted by any column; ? lists the keys. Without a terminal, or with --json: a snapshot, whose\n"
     "rates are those of one interval, with the 256 connections that have most bytes.\n",
     "  porterctl top\n"
     "  porterctl top --interval 5s --data-dir /var/lib/porter\n"
     "  porterctl top --json\n",
     top, true},
};

}  // namespace

std::span<command const> top_commands()
{
    return table;
}

}  // namespace porter::programs
