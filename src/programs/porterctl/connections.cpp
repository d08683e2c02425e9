#include "programs/porterctl/connections.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

#include "base/network.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "config/values.hpp"
#include "control/control_client.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/open_database.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
namespace control = detail::control;
using config::exit_code;

control::control_client connect(context const& ctx)
{
    return control::control_client{control_socket(ctx)};
}

exit_code list(context& ctx)
{
    auto server = connect(ctx);
    std::vector<record> rows;
    for (bool is_last = false; !is_last;) {
        auto const last_id = rows.empty() ? 0 : std::get<std::int64_t>(rows.back().fields.front().content);
        auto const page = server.ask(control::list_connections{static_cast<std::uint64_t>(last_id)});
        for (auto const& row : page.rows) rows.push_back(record_of(row, page.node));
        is_last = page.is_last || page.rows.empty();
    }
    ctx.out.list(rows, "There are no connections.",
                 std::array<std::string_view, 4>{"node", "bytes", "connected_at", "messages"});
    return exit_code::ok;
}

/// What the words and options select. Throws config::option_error(usage).
control::close_connections selection(context const& ctx)
{
    if (ctx.arguments.size() + (ctx.account.empty() ? 0 : 1) + (ctx.address.empty() ? 0 : 1) != 1) {
        throw config::option_error{exit_code::usage,
                                   "name one connection by its ID, or all of an account by --account NAME, or of an "
                                   "address or network by --address NETWORK"};
    }
    if (!ctx.account.empty()) {
        if (!base::normalise_name(ctx.account)) {
            throw config::option_error{exit_code::usage, "--account: this cannot be the name of an account"};
        }
        return {control::selector::account, 0, ctx.account};
    }
    if (!ctx.address.empty()) {
        if (!base::network::parse(ctx.address)) {
            throw config::option_error{exit_code::usage,
                                       fmt::format("--address: \"{}\" is no address or network, such as 192.0.2.7 or "
                                                   "192.0.2.0/24",
                                                   base::escape(ctx.address))};
        }
        return {control::selector::network, 0, ctx.address};
    }
    auto const id = config::parse_number(ctx.arguments[0], 1, std::numeric_limits<std::int64_t>::max());
    if (!id) throw config::option_error{exit_code::usage, "ID: " + id.error()};
    return {control::selector::id, static_cast<std::uint64_t>(*id), {}};
}

exit_code close(context& ctx)
{
    auto const selected = selection(ctx);
    auto const closed = connect(ctx).ask(selected).count;
    if (selected.by == control::selector::id && closed == 0) {
        throw config::option_error{
            exit_code::not_found,
            fmt::format("there is no connection {} (see porterctl connections list)", selected.id)};
    }
    ctx.out.done(fmt::format("{} closed.", quantity(closed, "connection")),
                 {{{"connections_closed", count_of(closed)}}});
    return exit_code::ok;
}

exit_code ping(context& ctx)
{
    auto const answer = connect(ctx).ask(control::ping{});
    ctx.out.done(fmt::format("porterd {} answers on {}, with {}.", base::escape(answer.version),
                             base::escape(answer.node), quantity(answer.connections, "connection")),
                 {{{"version", answer.version}, {"node", answer.node}, {"connections", count_of(answer.connections)}}});
    return exit_code::ok;
}

constexpr command connections_table[] = {
    {"connections", "list", "", 0, 0, "", "the connections of the porterd that runs with the data dir",
     "Columns: id, account, address, node (porterd's machine), phase, connected, messages, bytes. The id is\n"
     "that of the log. Phases: opening (before hello), access (not granted yet), exchange, closing. Each\n"
     "porterd of a cluster lists its own connections.\n",
     "  porterctl connections list\n"
     "  porterctl connections list --json --data-dir /var/lib/porter\n",
     list, true},
    {"connections", "close", "[ID]", 0, 1, "account address",
     "close a connection, or with --account or --address several",
     "The client is sent closing(normal) and does not reconnect by itself. Its session goes on: to end that,\n"
     "use sessions revoke.\n",
     "  porterctl connections close 17\n"
     "  porterctl connections close --account Alice\n"
     "  porterctl connections close --address 192.0.2.0/24\n",
     close, true},
};

constexpr command ping_table[] = {
    {"ping", "", "", 0, 0, "", "whether porterd runs and each of its I/O threads answers",
     "For scripts: exits with 0, or with 69 if no porterd runs with the data dir or it does not answer within\n"
     "10 seconds.\n",
     "  porterctl ping --data-dir /var/lib/porter\n", ping, true},
};

}  // namespace

std::filesystem::path control_socket(context const& ctx)
{
    auto const& options = ctx.configuration;
    auto const is_typed = options.origin_of("database").kind == config::origin::source::flag;
    if (is_typed && options.server.data_dir.empty() && !is_database_url(ctx.database())) {
        throw config::option_error{
            exit_code::usage,
            "--database does not say which porterd: give the data directory that it runs with by "
            "--data-dir DIR"};
    }
    if (options.server.control_socket.empty()) {
        throw config::option_error{exit_code::bad_configuration,
                                   "no data directory: HOME is not set; give porterd's by --data-dir DIR"};
    }
    return options.server.control_socket;
}

record record_of(control::connection_row const& row, std::string const& node)
{
    return {{{"id", count_of(row.id)},
             {"account", row.account.empty() ? value{} : value{row.account}},
             {"address", row.address},
             {"node", node},
             {"phase", std::string{name_of(row.phase)}},
             {"connected_at", row.connected_at},
             {"messages", count_of(row.messages)},
             {"bytes", size_in_bytes{row.bytes}}}};
}

std::span<command const> connections_commands()
{
    return connections_table;
}

std::span<command const> ping_commands()
{
    return ping_table;
}

}  // namespace porter::programs
