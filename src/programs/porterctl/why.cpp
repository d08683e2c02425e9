#include <fmt/format.h>

#include <algorithm>

#include "auth/stored_hash.hpp"
#include "auth/throttle_rules.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "identity/address.hpp"
#include "programs/porterctl/bans.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/open_database.hpp"
#include "store/throttle.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
using config::exit_code;
using detail::identity::address;

/// A rule that denies a login, or grants it.
struct finding {
    std::string rule;
    std::string answer;  ///< the code's name
    std::string explanation;
    std::optional<std::chrono::seconds> retry_after;
};

/// The login to explain.
struct login_query {
    std::string name;
    std::optional<store::account_row> account;
    std::optional<address> from;  ///< none: an address that the account does not know
};

login_query read_query(context const& ctx, store::administration& db)
{
    login_query query;
    query.name = ctx.arguments[0];
    if (auto const name = base::normalise_name(query.name)) {
        query.name = *name;
        query.account = db.find_account(base::fold_name(*name));
    }
    if (query.account) query.name = query.account->name;
    if (ctx.arguments.size() < 2) return query;
    query.from = address::parse(ctx.arguments[1]);
    if (query.from) return query;
    throw config::option_error{
        exit_code::usage,
        fmt::format("\"{}\" is not an IP address such as 192.0.2.7 or 2001:db8::7", base::escape(ctx.arguments[1]))};
}

/// Where the counted failures came from.
std::string counter_name(login_query const& query, store::attempt_history const& history)
{
    if (history.is_known_network) return "from " + query.from->network();
    return "from addresses where the account is not known";
}

finding describe(login_query const& query, store::attempt_history const& history, store::decision const& decision)
{
    auto const& rules = detail::auth::throttle_rules;
    auto const failed = history.failures.failures;
    auto const where = counter_name(query, history);
    using rule = store::decision::rule;
    switch (decision.by) {
        case rule::account_paused:
            return {"account_paused", "throttled",
                    fmt::format("{} in a row {}: the next one is taken in {} s", quantity(failed, "failed try"), where,
                                decision.retry_after.count()),
                    decision.retry_after};
        case rule::account_locked:
            return {"account_locked",
                    "throttled",
                    fmt::format("{} in a row {}: no password is taken until porterctl accounts enable lifts the lock",
                                quantity(failed, "failed try"), where),
                    {}};
        case rule::network_throttled:
            return {"network_throttled", "throttled",
                    fmt::format("{} failures from {} within {} minutes: nothing is taken from there for {} s, or until "
                                "porterctl addresses enable lifts it",
                                rules.failures_per_network, query.from->network(),
                                std::chrono::duration_cast<std::chrono::minutes>(rules.network_window).count(),
                                decision.retry_after.count()),
                    decision.retry_after};
        case rule::registrations_used_up:  // a login creates no account
        case rule::pending:                // only while porterd decides other attempts, never from stored rows alone
        case rule::allowed:
            break;
    }
    return {"allowed", "granted", "the right password gets access", {}};
}

/// The rule of an access mode that asks for no password; accounts do not matter.
finding describe(login_query const& query, store::administration& db, access access)
{
    if (access == access::open) return {"open_access", "granted", "every client gets access, without a name", {}};
    constexpr auto rule = "identify_access";
    std::optional<store::address_row> known;
    if (query.from) known = db.find_address(query.from->text());
    if (known) {
        return {rule,
                "granted",
                fmt::format("{} is known as {} and gets access under that name, without a password", known->address,
                            base::escape(known->name)),
                {}};
    }
    if (auto const name = base::normalise_new_name(query.name); !name) return {rule, "invalid_name", name.error(), {}};
    return {rule,
            "granted",
            query.from ? "no name is known at this address: a client that says this one gets access, without a password"
                       : "a client that says the name gets access, without a password, unless its address is known",
            {}};
}

/// The rules that deny the login, in porterd's order; if there are none, the one that grants it.
std::vector<finding> find_rules(login_query const& query, store::administration& db)
{
    std::vector<finding> findings;
    auto const now = base::system_clock{}.now_precise();
    std::optional<store::account_id> id;
    if (query.account) id = query.account->id;
    auto const network = query.from ? query.from->network() : std::string{};
    auto const history = db.history_of(id, network, detail::auth::throttle_rules, now);
    auto const decision = store::decide(history, detail::auth::throttle_rules, now);
    if (!decision.allows()) findings.push_back(describe(query, history, decision));
    if (!query.account) {
        bool const is_identified = db.is_identified(query.name);
        findings.push_back({"unknown_account",
                            "bad_credentials",
                            is_identified
                                ? "there is no account of this name: it was only said, which is enough in identify "
                                  "access (--access identify)"
                                : "there is no account of this name",
                            {}});
    } else if (query.account->disabled_at) {
        findings.push_back({"account_disabled",
                            "bad_credentials",
                            "the account is disabled: porterctl accounts enable reverts that",
                            {}});
    }
    if (query.account && !detail::auth::stored_hash::is_readable(db.password_hash_of(query.account->id))) {
        findings.push_back(
            {"password_unreadable",
             "bad_credentials",
             "the stored hash cannot be read, or its cost is out of bounds, so no password fits: porterctl "
             "accounts set-password stores another",
             {}});
    }
    if (findings.empty() && query.account && query.account->has_second_factor) {
        findings.push_back({"second_factor",
                            "second_factor",
                            "the right password is not enough, a code must follow: porterctl accounts second-factor "
                            "NAME --remove lifts that",
                            {}});
    }
    if (findings.empty()) findings.push_back(describe(query, history, decision));
    return findings;
}

/// A ban comes first, in every access mode: porterd closes the connection before it reads the request.
void add_ban(std::vector<finding>& findings, login_query const& query, store::administration& db)
{
    if (!query.from) return;
    auto const ban = find_ban(db, *query.from);
    if (!ban) return;
    std::optional<std::chrono::seconds> left;
    if (ban->expires_at) left = std::max(*ban->expires_at - now(), std::chrono::seconds{1});
    if (findings.front().answer == "granted") findings.clear();
    findings.insert(findings.begin(), {"network_banned", ban->is_silent ? "none" : "banned",
                                       describe_ban(*ban) + ": porterctl bans remove lifts it", left});
}

exit_code explain_login(context& ctx)
{
    auto const db = open_to_read(ctx);
    auto const query = read_query(ctx, *db);
    auto const mode = ctx.configuration.server.access;
    auto findings = mode == access::authenticate ? find_rules(query, *db) : std::vector{describe(query, *db, mode)};
    add_ban(findings, query, *db);
    auto const& first = findings.front();
    record answer{{{"name", query.name},
                   {"account", query.account ? value{query.account->id} : value{}},
                   {"address", query.from ? value{query.from->text()} : value{}},
                   {"answer", first.answer},
                   {"rule", first.rule},
                   {"retry_after", first.retry_after ? value{std::int64_t{first.retry_after->count()}} : value{}},
                   {"explanation", first.explanation}}};
    std::vector<record> then;
    for (auto next = findings.begin() + 1; next != findings.end(); ++next) {
        then.push_back({{{"rule", next->rule}, {"explanation", next->explanation}}});
    }
    answer.fields.push_back({"then", then});
    ctx.out.show(answer);
    return exit_code::ok;
}

constexpr command table[] = {
    {"why", "", "NAME [ADDRESS]", 1, 2, "access", "the outcome of a login now, and the rule that decides it",
     "With the right password, by the same decision as porterd's. Without ADDRESS: from an address that the\n"
     "account does not know. What porterd keeps only in memory (attempts at unknown names, its load) is not\n"
     "considered.\n"
     "Rules: allowed, network_banned (the answer none: without a word), unknown_account, account_disabled,\n"
     "account_paused, account_locked, network_throttled, password_unreadable, second_factor; in other\n"
     "access modes identify_access and open_access.\n",
     "  porterctl why Alice\n"
     "  porterctl why Alice 192.0.2.7\n"
     "  porterctl why Alice 192.0.2.7 --access identify\n",
     explain_login},
};

}  // namespace

std::span<command const> explain_commands()
{
    return table;
}

}  // namespace porter::programs
