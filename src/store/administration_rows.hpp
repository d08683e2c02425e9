#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "store/records.hpp"
#include "store/throttle.hpp"

/// What administration reads from a store, without secrets, and imported_account, which it adds.
namespace porter::detail::store {

/// An account.
struct account_row {
    account_id id = 0;
    std::string name;
    std::string folded_name;
    base::timestamp created_at{};
    std::optional<base::timestamp> disabled_at;
    std::optional<base::timestamp> last_login_at;
    std::string last_address;
    std::uint32_t failed_since = 0;
    std::optional<base::timestamp> last_failed_at;
    std::uint32_t failed_from_unknown = 0;  ///< in a row, from networks that are not known to the account
    std::uint32_t sessions = 0;             ///< including expired ones that are not pruned
    std::uint32_t addresses = 0;            ///< at which it was the last one seen
    bool has_second_factor = false;
    std::uint32_t recovery_codes = 0;  ///< that were not used
};

/// An account from elsewhere, to be added.
struct imported_account {
    std::string name;
    std::string folded_name;
    std::string password_hash;
    std::optional<base::timestamp> disabled_at;
};

/// A failure counter of an account.
struct counter_row {
    std::string network;  ///< a known one; empty: all others together
    failure_counter counter;
};

/// A session and the name of its account.
struct session_row {
    store::session session;
    std::string account_name;
};

/// An address and the name last seen there.
struct address_row {
    std::string address;  ///< canonical
    std::string name;
    bool is_proved = false;  ///< by the account's password; otherwise only claimed
    base::timestamp first_seen_at{};
    base::timestamp last_seen_at{};
};

/// A network whose attempts are denied for every account, after too many failures.
struct blocked_network {
    std::string network;      ///< an IPv4 address, or the /64 of an IPv6 address
    base::timestamp until{};  ///< when the block ends by itself
    bool is_known = false;    ///< to the account
};

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

/// A ban of a network.
struct ban_row {
    std::string network;  ///< in canonical form, unless it was written by hand: then perhaps no network
    std::optional<base::timestamp> expires_at;
    bool is_silent = false;
    std::string reason;
    base::timestamp created_at{};
};

/// A ban to add.
struct new_ban {
    std::string network;                                ///< in canonical form
    std::optional<std::chrono::seconds> duration = {};  ///< by the store's clock, from now on; none: no end
    bool is_silent = false;
    std::string reason = {};
};

/// What adding a ban did.
struct added_ban {
    enum class outcome : std::uint8_t {
        added,
        replaced,  ///< an earlier ban of the same network
        full,      ///< nothing: there are most_bans
    };

    outcome result = outcome::added;
    std::optional<base::timestamp> expires_at;
};

/// An invitation. Its code is not stored.
struct invitation_row {
    std::int64_t id = 0;
    std::string name;  ///< of the only account that it may register; empty: any
    std::uint32_t uses = 1;
    std::uint32_t used = 0;
    base::timestamp created_at{};
    base::timestamp expires_at{};
};

/// An invitation to add.
struct new_invitation {
    code_digest code{};
    std::string name = {};         ///< of the only account that it may register, normalised; empty: any
    std::string folded_name = {};  ///< the key of that name
    std::uint32_t uses = 1;
    std::chrono::seconds duration{};  ///< by the store's clock, from now on
};

/// A step of the schema that was applied to the store.
struct applied_migration {
    int version = 0;
    std::string name;
    base::timestamp applied_at{};
};

/// The schema of a store and the number of its rows.
struct store_status {
    int version = 0;  ///< of the stored schema; 0: there are no tables yet
    int newest = 0;   ///< of this program
    std::vector<applied_migration> migrations;
    std::uint64_t accounts = 0;
    std::uint64_t disabled_accounts = 0;
    std::uint64_t sessions = 0;
    std::uint64_t addresses = 0;
};

}  // namespace porter::detail::store
