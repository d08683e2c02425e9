#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "store/throttle.hpp"

namespace porter::detail::store::sqlite::administration {

/// A network whose attempts are denied for every account, after too many failures.
struct blocked_network {
    std::string network;      ///< an IPv4 address, or the /64 of an IPv6 address
    base::timestamp until{};  ///< when the block ends by itself
    bool is_known = false;    ///< to the account
};

/// The blocked networks, those known to the account first.
std::vector<blocked_network> list_blocked_networks(database& db, account_id account, throttle_rules const& rules,
                                                   base::instant now);

/// A network that a limit throttles now.
struct throttled_network {
    enum class limit : std::uint8_t {
        failures,       ///< its attempts are denied
        registrations,  ///< its registrations are denied
    };

    std::string network;  ///< an IPv4 address, or the /64 of an IPv6 address; for registrations also its /48
    limit by = limit::failures;
    std::uint64_t count = 0;  ///< of what the limit counts
    base::timestamp since{};  ///< the time of the first
    base::timestamp until{};  ///< when the block ends by itself
};

/// The throttled networks, those with failures first. `max_registrations` is porterd's limit for a network; 0: none.
std::vector<throttled_network> list_throttled_networks(database& db, throttle_rules const& rules,
                                                       std::uint32_t max_registrations, base::instant now);

/// Deletes the failures and the registrations of a network and returns the number of failures. Failure counters of
/// accounts stay.
std::size_t enable_network(database& db, std::string const& network);

}  // namespace porter::detail::store::sqlite::administration
