#include "programs/porterctl/bans.hpp"

#include <fmt/format.h>

#include <array>

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "config/option_error.hpp"
#include "config/values.hpp"
#include "programs/porterctl/cells.hpp"
#include "programs/porterctl/command.hpp"
#include "store/limits.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using config::exit_code;

/// The largest networks that can be banned: a slip such as 0.0.0.0/0 must not ban every client. No provider has more.
constexpr unsigned shortest_ipv4_prefix = 8;
constexpr unsigned shortest_ipv6_prefix = 16;

/// Bytes. A table on a terminal shows it whole.
constexpr std::size_t longest_reason = 200;

[[noreturn]] void usage_error(std::string const& line)
{
    throw config::option_error{exit_code::usage, line};
}

base::network parse_network(std::string const& typed)
{
    auto const parsed = base::network::parse_enclosing(typed);
    if (parsed) return *parsed;
    usage_error(
        fmt::format("\"{}\" is not a network such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/64", base::escape(typed)));
}

std::optional<std::chrono::seconds> parse_time(std::optional<std::string> const& typed)
{
    if (!typed) return std::nullopt;
    auto const parsed = config::parse_duration(*typed);
    if (!parsed) usage_error("--for: " + parsed.error());
    auto const seconds = std::chrono::floor<std::chrono::seconds>(*parsed);
    if (seconds.count() == 0) usage_error("--for: a ban lasts at least 1 s");
    return seconds;
}

void reject_too_large(base::network const& network)
{
    auto const least = network.first().is_v4() ? shortest_ipv4_prefix : shortest_ipv6_prefix;
    if (network.prefix() >= least) return;
    usage_error(fmt::format("{} is too large to ban: at most a /{} of {} (to admit only some networks, use a firewall)",
                            network.text(), least, network.first().is_v4() ? "IPv4" : "IPv6"));
}

void reject_impossible(std::optional<std::string> const& reason)
{
    if (!reason || (reason->size() <= longest_reason && base::valid_utf8(*reason))) return;
    usage_error(fmt::format("--reason: at most {} bytes of valid UTF-8", longest_reason));
}

record record_of(store::ban_row const& row)
{
    return {{{"network", row.network},
             {"expires_at", maybe(row.expires_at)},
             {"clients_are", row.is_silent ? "not told" : "told"},
             {"reason", row.reason},
             {"created_at", row.created_at}}};
}

exit_code add(context& ctx)
{
    auto const network = parse_network(ctx.arguments[0]);
    reject_too_large(network);
    reject_impossible(ctx.reason);
    store::new_ban const ban{network.text(), parse_time(ctx.duration), ctx.silent, ctx.reason.value_or("")};
    auto const db = open_to_write(ctx);
    auto const made = db->add_ban(ban);
    if (made.result == store::added_ban::outcome::full) {
        throw config::option_error{exit_code::bad_data,
                                   fmt::format("there are {} bans, which is the limit: remove some (porterctl bans "
                                               "list), or ban larger networks",
                                               store::most_bans)};
    }
    bool const is_replaced = made.result == store::added_ban::outcome::replaced;
    store::ban_row const row{ban.network, made.expires_at, ban.is_silent, ban.reason, {}};
    ctx.out.done(fmt::format("{}{}.", describe_ban(row), is_replaced ? "; its earlier ban is replaced" : ""),
                 {{{"network", ban.network},
                   {"expires_at", maybe(made.expires_at)},
                   {"clients_are", ban.is_silent ? "not told" : "told"},
                   {"reason", ban.reason},
                   {"replaced", is_replaced}}});
    return exit_code::ok;
}

exit_code list(context& ctx)
{
    auto const db = open_to_read(ctx);
    std::vector<record> rows;
    for (auto const& row : db->list_bans()) rows.push_back(record_of(row));
    ctx.out.list(rows, "No network is banned.", std::array<std::string_view, 2>{"created_at", "clients_are"});
    return exit_code::ok;
}

/// Removes each ban of this network, or those with this reason. Rows that were written by hand may have other spellings
/// of it, or be no network.
bool remove_all(store::administration& db, std::string const& typed, std::optional<base::network> const& network,
                std::optional<std::string> const& reason)
{
    bool is_removed = false;
    for (auto const& row : db.list_bans()) {
        bool const is_same = network && base::network::parse_enclosing(row.network) == network;
        if ((is_same || row.network == typed) && db.remove_ban(row.network, reason)) is_removed = true;
    }
    return is_removed;
}

exit_code remove(context& ctx)
{
    auto const& typed = ctx.arguments[0];
    auto const network = base::network::parse_enclosing(typed);
    reject_impossible(ctx.reason);
    auto const db = open_to_write(ctx);
    bool const is_removed = remove_all(*db, typed, network, ctx.reason);
    auto const name = is_removed && !network ? typed : parse_network(typed).text();
    if (!is_removed) {
        throw config::option_error{exit_code::not_found,
                                   fmt::format("{} is not banned{} (see porterctl bans list)", base::escape(name),
                                               ctx.reason ? " for this reason" : "")};
    }
    ctx.out.done(fmt::format("{} is not banned any more.", base::escape(name)), {{{"network", name}}});
    return exit_code::ok;
}

constexpr command table[] = {
    {"bans", "add", "NETWORK", 1, 1, "for reason silent", "ban an address or a network",
     "NETWORK is an address, or a range such as 192.0.2.0/24 or 2001:db8:1::/48, of at most a /8 of IPv4 or a\n"
     "/16 of IPv6; bits after the prefix are ignored. porterd closes its connections, and every new one, with\n"
     "the code banned; with --silent at once, without a word. A ban of the same network is replaced. Behind a\n"
     "proxy of --proxy-from the client's address counts, and the proxy itself is never banned. Of two bans of\n"
     "an address the one of the smaller network counts.\n",
     "  porterctl bans add 198.51.100.7 --for 12h --reason \"password guessing\"\n"
     "  porterctl bans add 2001:db8:1::/48 --silent\n",
     add},
    {"bans", "list", "", 0, 0, "", "the banned networks, the last one first",
     "Columns: network, expires, clients are (told, or not told), reason, created. Expired bans are not listed.\n",
     "  porterctl bans list\n"
     "  porterctl bans list --json\n",
     list},
    {"bans", "remove", "NETWORK", 1, 1, "reason", "lift a ban",
     "NETWORK is that of bans list: a ban of a larger network stays. With --reason a ban that has another\n"
     "reason stays, too: a program lifts only bans of its own. Exits with 66 if no ban is lifted, because\n"
     "there is none, or not any more.\n",
     "  porterctl bans remove 198.51.100.7\n"
     "  porterctl bans remove 198.51.100.7 --reason \"password guessing\"\n",
     remove},
};

}  // namespace

std::optional<store::ban_row> find_ban(store::administration& db, detail::identity::address const& from)
{
    std::optional<store::ban_row> found;
    unsigned longest = 0;
    for (auto& row : db.list_bans()) {
        auto const network = base::network::parse_enclosing(row.network);
        if (!network || !network->contains(from.ip()) || (found && network->prefix() <= longest)) continue;
        longest = network->prefix();
        found = std::move(row);
    }
    return found;
}

std::string describe_ban(store::ban_row const& ban)
{
    auto text = base::escape(ban.network) + " is banned";
    if (ban.expires_at) text += " until " + cell_of(*ban.expires_at, cell_format::full) + " UTC";
    if (ban.is_silent) text += ", silently";
    if (!ban.reason.empty()) text += " (" + base::escape(ban.reason) + ")";
    return text;
}

std::span<command const> bans_commands()
{
    return table;
}

}  // namespace porter::programs
