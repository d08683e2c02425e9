#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "porter/clock.hpp"
#include "porter/store/records.hpp"

/// How failed attempts slow down further ones. An attempt is decided on and counted in one operation of the store, so
/// that concurrent attempts gain nothing; the caller provides the numbers.
namespace porter::store {

/// The numbers (docs/PROTOCOL.md, failures).
struct throttle_rules {
    std::uint32_t free_failures;                 ///< in a row; the last of them causes the first pause
    std::array<std::chrono::seconds, 4> pauses;  ///< after that one and the next; the last for all further ones
    std::uint32_t locked_after;                  ///< failures in a row after which no password is accepted
    std::uint32_t failures_per_network;          ///< within the window after which no attempt is accepted
    std::chrono::seconds network_window;         ///< the time in which failures of a network are counted
};

/// A number of failures in a row.
struct failure_counter {
    std::uint32_t failures = 0;  ///< since the last success
    instant last_failed_at{};    ///< the latest of them
};

/// The stored state that decides on a new attempt.
struct attempt_history {
    store::failure_counter failures;                    ///< that would count the attempt
    bool is_known_network = false;                      ///< then `failures` is the account's counter for it
    std::optional<timestamp> network_full_since;        ///< the oldest failure of those that fill the window
    std::optional<timestamp> registrations_full_since;  ///< likewise, of registrations
};

/// Whether an attempt is allowed, and which rule denies it.
struct decision {
    /// What decided.
    enum class rule : std::uint8_t {
        allowed,                ///< no rule denies it
        account_paused,         ///< after failures in a row, for a while
        account_locked,         ///< after too many in a row, until an administrator unlocks it
        network_throttled,      ///< too many failures of the network within the window
        registrations_used_up,  ///< too many new accounts of the network within the hour
        pending,                ///< would be too many if the pending ones failed: decided shortly
    };

    decision::rule by = rule::allowed;   ///< the rule that decided
    std::chrono::seconds retry_after{};  ///< rounded up; 0: waiting does not help

    /// Whether the attempt may be made.
    bool allows() const noexcept { return by == rule::allowed; }

    /// Denied because of pending attempts, which take the time of a hash.
    static decision not_yet() noexcept { return {rule::pending, std::chrono::seconds{1}}; }
};

/// The decision, for every store: a pure function, which attempts::begin() calls in its transaction. Stored times far
/// in the future, from before the clock was set back, are ignored.
decision decide(attempt_history const& history, throttle_rules const& rules, instant now) noexcept;

/// An attempt at a secret, to be decided on and counted as failed while it is pending.
struct secret_attempt {
    attempt_id id = 0;                        ///< a new one, at random; the same when begin() is repeated
    std::optional<account_id> account;        ///< whose password it is; none: no account's
    std::optional<name_digest> unknown_name;  ///< the claimed name, if no account has it: its counter decides
    std::string network;                      ///< the network it comes from
    instant at{};                             ///< now
    /// Not 0: it is a registration, and the limit of the network within registration_window.
    std::uint32_t max_registrations = 0;
};

/// What attempts::begin() decided and counted.
struct attempt_result {
    store::decision decision;  ///< whether it may be made
    counted_attempt counted;   ///< if the decision allows it
};

}  // namespace porter::store
