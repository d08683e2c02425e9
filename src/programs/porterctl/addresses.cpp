#include "store/sqlite/administration/addresses.hpp"

#include <fmt/format.h>

#include <array>

#include "auth/throttle_rules.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "identity/address.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/opening.hpp"
#include "store/sqlite/administration/networks.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using config::exit_code;
using detail::identity::address;

address parse(std::string const& typed)
{
    auto const parsed = address::parse(typed);
    if (parsed) return *parsed;
    throw config::option_error{
        exit_code::usage,
        fmt::format("\"{}\" is not an IP address such as 192.0.2.7 or 2001:db8::7", base::escape(typed))};
}

exit_code list(context& given)
{
    auto const db = open_to_read(given);
    std::vector<record> rows;
    for (auto const& one : administration::list_addresses(*db)) {
        rows.push_back({{{"address", one.address},
                         {"name", one.name},
                         {"known_by", one.is_proved ? "proved" : "said"},
                         {"first_seen_at", one.first_seen_at},
                         {"last_seen_at", one.last_seen_at}}});
    }
    given.out.list(rows, "No address is known.", std::array<std::string_view, 1>{"first_seen_at"});
    return exit_code::ok;
}

exit_code set(context& given)
{
    auto const where = parse(given.arguments[0]);
    auto const name = base::normalise_new_name(given.arguments[1]);
    if (!name) {
        throw config::option_error{exit_code::usage,
                                   fmt::format("\"{}\": {}", base::escape(given.arguments[1]), name.error())};
    }
    auto const db = open_to_write(given);
    auto const known_as = administration::set_address(*db, where.text(), *name, base::fold_name(*name), now());
    given.out.done(fmt::format("{} is known as {} now.", where.text(), base::escape(known_as)),
                   {{{"address", where.text()}, {"name", known_as}}});
    bool const is_enough = given.configuration.server.access == access::identify;
    if (!is_enough && !administration::find_account(*db, base::fold_name(*name))) {
        given.out.note(fmt::format(
            "there is no account \"{}\": the name greets there, and lets in only in identify access", known_as));
    }
    return exit_code::ok;
}

exit_code forget(context& given)
{
    auto const where = parse(given.arguments[0]);
    auto const db = open_to_write(given);
    if (!administration::forget_address(*db, where.text())) {
        throw config::option_error{
            exit_code::not_found,
            fmt::format("nobody is known at {} (porterctl addresses list shows them all)", where.text())};
    }
    given.out.done(fmt::format("Nobody is known at {} any more.", where.text()), {{{"address", where.text()}}});
    return exit_code::ok;
}

exit_code enable(context& given)
{
    auto const where = parse(given.arguments[0]);
    auto const db = open_to_write(given);
    auto const forgotten = administration::enable_network(*db, where.network());
    auto const sentence = forgotten == 0
                              ? fmt::format("No failures are held against {}.", where.network())
                              : fmt::format("{} of {} forgotten.", counted(forgotten, "failure"), where.network());
    given.out.done(
        sentence,
        {{{"address", where.text()}, {"network", where.network()}, {"failures_forgotten", count_of(forgotten)}}});
    return exit_code::ok;
}

exit_code throttled(context& given)
{
    using limit = administration::throttled_network::limit;
    auto const db = open_to_read(given);
    auto const registrations = given.configuration.server.max_registrations_per_address;
    auto const found = administration::list_throttled_networks(*db, detail::auth::throttle_rules, registrations,
                                                               base::system_clock{}.now_precise());
    std::vector<record> rows;
    for (auto const& one : found) {
        rows.push_back({{{"network", one.network},
                         {"limit", one.by == limit::failures ? "failures" : "registrations"},
                         {"count", count_of(one.count)},
                         {"since_at", one.since},
                         {"until_at", one.until}}});
    }
    // porterd's own option may stand on its command line, where this program cannot see it.
    auto const none =
        "No network is throttled (with --max-registrations-per-address " + std::to_string(registrations) + ").";
    given.out.list(rows, none, std::array<std::string_view, 1>{"since_at"});
    return exit_code::ok;
}

constexpr command table[] = {
    {"addresses", "list", "", 0, 0, "", "who is known at which address, the last seen first",
     "Columns: address, name, known by (proved by a password, or said), first seen, last seen.\n",
     "  porterctl addresses list\n"
     "  porterctl addresses list --json\n",
     list},
    {"addresses", "set", "ADDRESS NAME", 2, 2, "", "say who is known at an address",
     "That is whom porterd greets there, and in identify access lets in. Where an account has the name,\n"
     "the address becomes the account's.\n",
     "  porterctl addresses set 192.0.2.7 Alice\n"
     "  porterctl addresses set 2001:db8::7 Alice\n",
     set},
    {"addresses", "forget", "ADDRESS", 1, 1, "", "forget who is known at an address", "",
     "  porterctl addresses forget 192.0.2.7\n", forget},
    {"addresses", "throttled", "", 0, 0, "max-registrations-per-address", "the networks that are throttled now",
     "Columns: network (an IPv4 address, an IPv6 /64 or /48), the limit that was reached (failures: nothing is\n"
     "taken from there, or registrations: no account may be made from there), how many were counted, since\n"
     "when, until when. Failures count whatever the name was, also of names that have no account.\n",
     "  porterctl addresses throttled\n"
     "  porterctl addresses throttled --json\n",
     throttled},
    {"addresses", "enable", "ADDRESS", 1, 1, "", "let an address try again that failed too often",
     "Its failures are forgotten, of IPv6 those of its /64. Those of an account are its own: accounts enable\n"
     "lifts a lock that they set.\n",
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
