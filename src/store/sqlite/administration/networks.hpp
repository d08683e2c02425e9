#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "store/throttle.hpp"

namespace porter::detail::store::sqlite::administration {

/// A network from which nothing is taken just now, whatever the account: too many failures came from there.
struct blocked_network {
    std::string network;      ///< an IPv4 address, or the /64 of an IPv6 address
    base::timestamp until{};  ///< when it is open again by itself
    bool is_known = false;    ///< the account was accessed from there
};

/// Those that are shut, the ones that the account is at home in first.
std::vector<blocked_network> list_blocked_networks(database& db, account_id account, throttle_rules const& rules,
                                                   base::instant now);

/// A network that a limit keeps out just now.
struct throttled_network {
    enum class limit : std::uint8_t {
        failures,       ///< nothing is taken from there
        registrations,  ///< no account may be made from there
    };

    std::string network;  ///< an IPv4 address, or the /64 of an IPv6 address; for registrations also its /48
    limit by = limit::failures;
    std::uint64_t count = 0;  ///< of those that the limit counts
    base::timestamp since{};  ///< the first of them
    base::timestamp until{};  ///< when it is open again by itself
};

/// All of them, those with failures first. `max_registrations` is porterd's limit for a network; 0: it has none.
std::vector<throttled_network> list_throttled_networks(database& db, throttle_rules const& rules,
                                                       std::uint32_t max_registrations, base::instant now);

/// Forgets the failures of a network, and the accounts that were made from there: how many failures there were. What
/// the failures of accounts slow down stays so.
std::size_t enable_network(database& db, std::string const& network);

}  // namespace porter::detail::store::sqlite::administration
