#include <fmt/format.h>

#include "auth/argon2id.hpp"
#include "auth/throttle_rules.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "identity/address.hpp"
#include "programs/porterctl/command.hpp"
#include "programs/porterctl/opening.hpp"
#include "store/sqlite/administration/addresses.hpp"
#include "store/sqlite/attempts.hpp"
#include "store/throttle.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
namespace store = detail::store;
using config::exit_code;
using detail::identity::address;

/// A rule that stands in the way of a login, or lets it pass.
struct finding {
    std::string rule;
    std::string answer;  ///< the code's name
    std::string explanation;
    std::optional<std::chrono::seconds> retry_after;
};

/// Who is asked about, from where.
struct question {
    std::string name;
    std::optional<administration::account_row> account;
    std::optional<address> from;
};

question read_question(context const& given, database& db)
{
    question asked;
    asked.name = given.arguments[0];
    if (auto const name = base::normalise_name(asked.name)) {
        asked.name = *name;
        asked.account = administration::find_account(db, base::fold_name(*name));
    }
    if (asked.account) asked.name = asked.account->name;
    if (given.arguments.size() < 2) return asked;
    asked.from = address::parse(given.arguments[1]);
    if (asked.from) return asked;
    throw config::option_error{
        exit_code::usage,
        fmt::format("\"{}\" is not an IP address such as 192.0.2.7 or 2001:db8::7", base::escape(given.arguments[1]))};
}

/// On whose ladder the failures are.
std::string counter_name(question const& asked, store::attempt_history const& found)
{
    if (found.is_known_network) return "from " + asked.from->network();
    return "from addresses where the account is not known";
}

finding describe(question const& asked, store::attempt_history const& found, store::decision const& verdict)
{
    auto const& rules = detail::auth::throttle_rules;
    auto const failed = found.failures.failures;
    auto const where = counter_name(asked, found);
    using rule = store::decision::rule;
    switch (verdict.by) {
        case rule::account_paused:
            return {"account_paused", "throttled",
                    fmt::format("{} in a row {}: the next one is taken in {} s", counted(failed, "failed try"), where,
                                verdict.retry_after.count()),
                    verdict.retry_after};
        case rule::account_locked:
            return {"account_locked",
                    "throttled",
                    fmt::format("{} in a row {}: no password is taken until porterctl accounts enable lifts the lock",
                                counted(failed, "failed try"), where),
                    {}};
        case rule::network_throttled:
            return {"network_throttled", "throttled",
                    fmt::format("{} failures from {} within {} minutes: nothing is taken from there for {} s, or until "
                                "porterctl addresses enable lifts it",
                                rules.failures_per_network, asked.from->network(),
                                std::chrono::duration_cast<std::chrono::minutes>(rules.network_window).count(),
                                verdict.retry_after.count()),
                    verdict.retry_after};
        case rule::registrations_used_up:  // a login asks for no account
        case rule::pending:                // never of stored rows alone: porterd says it of tries that it is deciding
        case rule::allowed:
            break;
    }
    return {"allowed", "granted", "the right password lets in", {}};
}

/// Where no password is asked there is one rule, whatever is known of accounts.
finding describe(question const& asked, database& db, access access)
{
    if (access == access::open) return {"open_access", "granted", "everybody is let in, without a name", {}};
    constexpr auto rule = "identify_access";
    std::optional<administration::address_row> known;
    if (asked.from) known = administration::find_address(db, asked.from->text());
    if (known) {
        return {rule,
                "granted",
                fmt::format("{} is known as {} and let in as that, without a password", known->address,
                            base::escape(known->name)),
                {}};
    }
    if (auto const name = base::normalise_new_name(asked.name); !name) return {rule, "invalid_name", name.error(), {}};
    return {rule,
            "granted",
            asked.from ? "nobody is known at this address: whoever says the name is let in, without a password"
                       : "whoever says the name is let in, without a password; who is known at an address is not asked",
            {}};
}

/// What stands in the way, in the order in which a login meets it; at the end what it meets when all that is gone.
std::vector<finding> judge(question const& asked, database& db)
{
    std::vector<finding> met;
    auto const moment = base::system_clock{}.now_precise();
    std::optional<store::account_id> id;
    if (asked.account) id = asked.account->id;
    auto const network = asked.from ? asked.from->network() : std::string{};
    auto const found = store::sqlite::attempts_of(db, id, network, detail::auth::throttle_rules, moment);
    auto const verdict = store::decide(found, detail::auth::throttle_rules, moment);
    if (!verdict.allows()) met.push_back(describe(asked, found, verdict));
    if (!asked.account) {
        bool const is_said = administration::identified_name(db, asked.name);
        met.push_back({"unknown_account",
                       "bad_credentials",
                       is_said ? "there is no account of this name: it was only said, which is enough in identify "
                                 "access (--access identify)"
                               : "there is no account of this name",
                       {}});
    } else if (asked.account->disabled_at) {
        met.push_back({"account_disabled",
                       "bad_credentials",
                       "the account is disabled: porterctl accounts enable lets it in again",
                       {}});
    }
    if (asked.account &&
        !detail::auth::argon2id::is_readable(administration::password_hash_of(db, asked.account->id))) {
        met.push_back({"password_unreadable",
                       "bad_credentials",
                       "the stored hash cannot be read, or its cost is out of bounds, so no password fits: porterctl "
                       "accounts set-password stores another",
                       {}});
    }
    if (met.empty()) met.push_back(describe(asked, found, verdict));
    return met;
}

exit_code explanation(context& given)
{
    auto const db = open_to_read(given);
    auto const asked = read_question(given, *db);
    auto const mode = given.configuration.server.access;
    auto const met = mode == access::authenticate ? judge(asked, *db) : std::vector{describe(asked, *db, mode)};
    auto const& first = met.front();
    record answer{{{"name", asked.name},
                   {"account", asked.account ? value{asked.account->id} : value{}},
                   {"address", asked.from ? value{asked.from->text()} : value{}},
                   {"answer", first.answer},
                   {"rule", first.rule},
                   {"retry_after", first.retry_after ? value{std::int64_t{first.retry_after->count()}} : value{}},
                   {"explanation", first.explanation}}};
    std::vector<record> then;
    for (auto next = met.begin() + 1; next != met.end(); ++next) {
        then.push_back({{{"rule", next->rule}, {"explanation", next->explanation}}});
    }
    answer.fields.push_back({"then", then});
    given.out.show(answer);
    return exit_code::ok;
}

constexpr command table[] = {
    {"why", "", "NAME [ADDRESS]", 1, 2, "access", "what would happen to a login now, and which rule says so",
     "With the right password, by porterd's own decision. Without ADDRESS: from one where the account is\n"
     "not known. What porterd has in memory only (tries at unknown names, its load) is not seen.\n"
     "Rules: allowed, unknown_account, account_disabled, account_paused, account_locked, network_throttled,\n"
     "password_unreadable; in other access modes identify_access and open_access.\n",
     "  porterctl why Alice\n"
     "  porterctl why Alice 192.0.2.7\n"
     "  porterctl why Alice 192.0.2.7 --access identify\n",
     explanation},
};

}  // namespace

std::span<command const> why_commands()
{
    return table;
}

}  // namespace porter::programs
