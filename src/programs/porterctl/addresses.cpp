#include <fmt/format.h>

#include <array>

#include "auth/throttle_rules.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "identity/address.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/open_database.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using config::exit_code;

detail::identity::address parse(std::string const& typed)
{
    auto const parsed = detail::identity::address::parse(typed);
    if (parsed) return *parsed;
    throw config::option_error{
        exit_code::usage,
        fmt::format("\"{}\" is not an IP address such as 192.0.2.7 or 2001:db8::7", base::escape(typed))};
}

exit_code list(context& ctx)
{
    auto const db = open_to_read(ctx);
    std::vector<record> rows;
    for (auto const& row : db->list_addresses()) {
        rows.push_back({{{"address", row.address},
                         {"name", row.name},
                         {"known_by", row.is_proved ? "proved" : "said"},
                         {"first_seen_at", row.first_seen_at},
                         {"last_seen_at", row.last_seen_at}}});
    }
    ctx.out.list(rows, "There are no known addresses.", std::array<std::string_view, 1>{"first_seen_at"});
    return exit_code::ok;
}

exit_code set(context& ctx)
{
    auto const address = parse(ctx.arguments[0]);
    auto const name = base::normalise_new_name(ctx.arguments[1]);
    if (!name) {
        throw config::option_error{exit_code::usage,
                                   fmt::format("\"{}\": {}", base::escape(ctx.arguments[1]), name.error())};
    }
    auto const db = open_to_write(ctx);
    auto const known_as = db->set_address(address.text(), *name, base::fold_name(*name), now());
    ctx.out.done(fmt::format("{} is now known as {}.", address.text(), base::escape(known_as)),
                 {{{"address", address.text()}, {"name", known_as}}});
    bool const grants_access = ctx.configuration.server.access == access::identify;
    if (!grants_access && !db->find_account(base::fold_name(*name))) {
        ctx.out.note(fmt::format("there is no account \"{}\": the name is only a greeting, except in identify access",
                                 known_as));
    }
    return exit_code::ok;
}

exit_code forget(context& ctx)
{
    auto const address = parse(ctx.arguments[0]);
    auto const db = open_to_write(ctx);
    if (!db->forget_address(address.text())) {
        throw config::option_error{
            exit_code::not_found,
            fmt::format("no name is known for {} (see porterctl addresses list)", address.text())};
    }
    ctx.out.done(fmt::format("The name of {} is forgotten.", address.text()), {{{"address", address.text()}}});
    return exit_code::ok;
}

exit_code enable(context& ctx)
{
    auto const address = parse(ctx.arguments[0]);
    auto const db = open_to_write(ctx);
    auto const failures = db->enable_network(address.network());
    auto const sentence = failures == 0
                              ? fmt::format("No failures are counted for {}.", address.network())
                              : fmt::format("{} of {} reset.", quantity(failures, "failure"), address.network());
    ctx.out.done(
        sentence,
        {{{"address", address.text()}, {"network", address.network()}, {"failures_forgotten", count_of(failures)}}});
    return exit_code::ok;
}

exit_code throttled(context& ctx)
{
    using limit = store::throttled_network::limit;
    auto const db = open_to_read(ctx);
    auto const registrations = ctx.configuration.server.max_registrations_per_address;
    auto const found =
        db->list_throttled_networks(detail::auth::throttle_rules, registrations, base::system_clock{}.now_precise());
    std::vector<record> rows;
    for (auto const& one : found) {
        rows.push_back({{{"network", one.network},
                         {"limit", one.by == limit::failures ? "failures" : "registrations"},
                         {"count", count_of(one.count)},
                         {"since_at", one.since},
                         {"until_at", one.until}}});
    }
    // porterd may have another limit on its command line, which porterctl cannot see.
    auto const none =
        "No network is throttled (with --max-registrations-per-address " + std::to_string(registrations) + ").";
    ctx.out.list(rows, none, std::array<std::string_view, 1>{"since_at"});
    return exit_code::ok;
}

constexpr command table[] = {
    {"addresses", "list", "", 0, 0, "", "the name known for each address, last seen first",
     "Columns: address, name, known by (proved by a password, or only said), first seen, last seen.\n",
     "  porterctl addresses list\n"
     "  porterctl addresses list --json\n",
     list},
    {"addresses", "set", "ADDRESS NAME", 2, 2, "", "set the name known for an address",
     "porterd greets clients from the address by this name, and grants it to them in identify access. If an\n"
     "account has the name, the address becomes the account's.\n",
     "  porterctl addresses set 192.0.2.7 Alice\n"
     "  porterctl addresses set 2001:db8::7 Alice\n",
     set},
    {"addresses", "forget", "ADDRESS", 1, 1, "", "forget the name known for an address", "",
     "  porterctl addresses forget 192.0.2.7\n", forget},
    {"addresses", "throttled", "", 0, 0, "max-registrations-per-address", "the networks that are throttled now",
     "Columns: network (an IPv4 address, an IPv6 /64 or /48), the limit that was reached (failures: passwords\n"
     "from it are denied; registrations: it can create no account), the count, since when, until when.\n"
     "Failures count for any name, also for one without an account.\n",
     "  porterctl addresses throttled\n"
     "  porterctl addresses throttled --json\n",
     throttled},
    {"addresses", "enable", "ADDRESS", 1, 1, "", "end the throttling of an address",
     "Resets its failures and registrations, for IPv6 those of its /64. An account's failures are counted\n"
     "separately: accounts enable resets them.\n",
     "  porterctl addresses enable 192.0.2.7\n"
     "  porterctl addresses enable 2001:db8::7\n",
     enable},
};

}  // namespace

std::span<command const> addresses_commands()
{
    return table;
}

}  // namespace porter::programs
