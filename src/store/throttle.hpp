#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "store/records.hpp"

/// How failed tries slow down further ones. Whether a try may be made is decided where it is counted, in one
/// operation of the store, so that tries at the same time win nothing; the numbers come from the room that asks.
namespace porter::detail::store {

/// The numbers (docs/PROTOCOL.md, failures).
struct throttle_rules {
    std::uint32_t free_failures;                 ///< in a row; the last of them brings the first pause
    std::array<std::chrono::seconds, 4> pauses;  ///< after that failure, the next ones, and the last for all further
    std::uint32_t locked_after;                  ///< failures in a row: no password is taken any more
    std::uint32_t failures_per_network;          ///< within the window: nothing is taken from the network
    std::chrono::seconds network_window;
};

/// Failures in a row.
struct failure_counter {
    std::uint32_t failures = 0;
    base::instant last_failed_at{};  ///< of the last of them
};

/// What is stored that a new try is judged by.
struct attempt_history {
    store::failure_counter failures;                          ///< on which the try would count
    bool is_known_network = false;                            ///< then it is the network's own ladder for the account
    std::optional<base::timestamp> network_full_since;        ///< the newest failure but failures_per_network - 1
    std::optional<base::timestamp> registrations_full_since;  ///< that of the newest which must be an hour old
};

/// What happens to a try, and by which rule.
struct decision {
    enum class rule : std::uint8_t {
        allowed,
        account_paused,         ///< for a while, after failures in a row
        account_locked,         ///< after too many in a row, until somebody lifts it
        network_throttled,      ///< too many failures within the window
        registrations_used_up,  ///< too many new accounts from the network within registration_window
        pending,                ///< too many, if those that are not decided fail: soon it is known
    };

    decision::rule by = rule::allowed;
    std::chrono::seconds retry_after{};  ///< rounded up; 0: no time helps

    bool allows() const noexcept { return by == rule::allowed; }

    /// A hash takes no longer than a moment.
    static decision not_yet() noexcept { return {rule::pending, std::chrono::seconds{1}}; }
};

/// The decision, in one place for all who ask: a pure function. A clock that was set back far makes what is stored
/// count for nothing, so that nobody is kept out until the clock is there again.
decision decide(attempt_history const& found, throttle_rules const& rules, base::instant now) noexcept;

/// A try of a secret, to be judged, and counted as if it had failed.
struct secret_attempt {
    std::optional<account_id> account;               ///< whose password; none: no account's
    std::optional<store::failure_counter> fallback;  ///< judged where there is no account; not counted here
    bool fallback_is_pending = false;                ///< tries on that ladder are not decided
    std::string network;                             ///< where it comes from
    base::instant at{};
    /// Not 0: it asks for an account, of which the network may make so many within registration_window.
    std::uint32_t max_registrations = 0;
};

struct attempt_result {
    store::decision decision;
    counted_attempt counted;  ///< where the verdict allows it
};

}  // namespace porter::detail::store
