#include "programs/porterctl/account_record.hpp"

#include "auth/throttle_rules.hpp"
#include "store/sqlite/administration/counters.hpp"

namespace porter::programs {

namespace {

namespace administration = detail::store::sqlite::administration;
using administration::account_row;
using detail::store::sqlite::database;

constexpr auto locked_after = detail::auth::throttle_rules.locked_after;

std::string state_of(account_row const& one)
{
    if (one.disabled_at) return "disabled";
    return one.failed_from_unknown >= locked_after ? "locked" : "enabled";
}

/// From where no password is taken any more.
std::vector<std::string> locked_for(database& db, account_row const& one)
{
    std::vector<std::string> networks;
    for (auto const& row : administration::list_counters(db, one.id)) {
        if (row.counter.failures >= locked_after) networks.push_back(row.network.empty() ? "strangers" : row.network);
    }
    return networks;
}

}  // namespace

record account_row_of(account_row const& one)
{
    return {{{"name", one.name},
             {"state", state_of(one)},
             {"created_at", one.created_at},
             {"last_login_at", maybe(one.last_login_at)},
             {"last_address", one.last_address.empty() ? value{} : value{one.last_address}},
             {"failed_tries", count_of(one.failed_since)},
             {"sessions", count_of(one.sessions)}}};
}

record account_record_of(database& db, account_row const& one)
{
    return {{{"id", one.id},
             {"name", one.name},
             {"folded_name", one.folded_name},
             {"state", state_of(one)},
             {"created_at", one.created_at},
             {"disabled_at", maybe(one.disabled_at)},
             {"last_login_at", maybe(one.last_login_at)},
             {"last_address", one.last_address.empty() ? value{} : value{one.last_address}},
             {"failed_tries", count_of(one.failed_since)},
             {"last_failed_at", maybe(one.last_failed_at)},
             {"locked_for", locked_for(db, one)},
             {"sessions", count_of(one.sessions)},
             {"addresses", count_of(one.addresses)}}};
}

}  // namespace porter::programs
