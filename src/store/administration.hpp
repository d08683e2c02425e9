#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "store/administration_error.hpp"
#include "store/administration_rows.hpp"
#include "store/audit.hpp"
#include "store/records.hpp"
#include "store/throttle.hpp"

namespace porter::detail::store {

/// The schema versions with which an administrator may open a store.
enum class accepted_schema : std::uint8_t {
    newest,  ///< that of this program
    older,   ///< also earlier ones: only status() and migrate() are possible with these
};

/// What an administrator does with an open store, whether servers run on it or not: each backend implements it, and
/// porterctl uses it for all of them.
///
/// Effect: an operation is one statement or one transaction: atomic, and durable when it returns. Running servers learn
/// of the sessions that it ends from the journal.
///
/// Errors: every operation except display_name() may throw administration_error (not repeated below); then nothing was
/// changed, except by migrate(). The errors that depend on the arguments are in the result.
///
/// Threads: one at a time. Operations block until the store answers or gives up.
///
/// Cancellation: none.
class administration {
public:
    virtual ~administration() = default;

    /// The store for a person, without secrets: the path of a file, for example.
    virtual std::string display_name() const = 0;

    // Rows have each text as it is stored. In a file that was damaged or written by hand it may be invalid UTF-8.

    /// All accounts, by folded name.
    virtual std::vector<account_row> list_accounts() = 0;

    /// The account with this folded name, or none.
    virtual std::optional<account_row> find_account(std::string const& folded_name) = 0;

    /// The stored hash, not to be shown; empty: there is no account with this id.
    virtual std::string password_hash_of(account_id id) = 0;

    /// The account's id and name, and the stored hash.
    using hash_callback = std::function<void(account_id, std::string const& name, std::string const& hash)>;

    /// Calls `callback`, which does not use this object, for each account in the order of ids. The hash is not to be
    /// shown.
    virtual void for_each_password_hash(hash_callback const& callback) = 0;

    /// Adds an account and returns its id. Errors: name_taken.
    virtual result<account_id> add_account(std::string const& name, std::string const& folded_name,
                                           std::string const& password_hash, base::timestamp now) = 0;

    /// Adds all of these accounts, in their order, except those whose folded name an account has, which stays as it is.
    /// Returns the number of added ones.
    virtual std::size_t import_accounts(std::vector<imported_account> const& accounts, base::timestamp now) = 0;

    /// Sets another password, ends every session, and resets the failure counters and with them a lock. Returns the
    /// number of ended sessions. Errors: not_found.
    virtual result<std::size_t> set_password(account_id id, std::string const& password_hash) = 0;

    /// Renames an account, which keeps its sessions; its addresses get the new name. Errors: not_found, name_taken.
    virtual result<void> rename_account(account_id id, std::string const& name, std::string const& folded_name) = 0;

    /// Disables an account, unless it is already, and ends its sessions. Returns their number. Errors: not_found.
    virtual result<std::size_t> disable_account(account_id id, base::timestamp now) = 0;

    /// Enables an account and resets its failure counters, and with them a lock. Errors: not_found.
    virtual result<void> enable_account(account_id id) = 0;

    /// Deletes an account with its sessions and addresses. Errors: not_found.
    virtual result<void> delete_account(account_id id) = 0;

    /// Removes the second factor of an account with its recovery codes; its sessions stay. Errors: not_found (it has
    /// none).
    virtual result<void> remove_second_factor(account_id id) = 0;

    /// The failure counters of an account, that of unknown networks first.
    virtual std::vector<counter_row> list_counters(account_id account) = 0;

    /// All sessions, or those of one account, oldest first, including expired ones.
    virtual std::vector<session_row> list_sessions(std::optional<account_id> account) = 0;

    /// Ends a session and returns the name of its account. Errors: not_found.
    virtual result<std::string> end_session(session_id id) = 0;

    /// Ends every session of an account. Returns their number.
    virtual std::size_t end_sessions(account_id account) = 0;

    /// Removes sessions whose absolute end is at or before `now`, or whose last use is at or before `idle_since`.
    /// Returns their number.
    virtual std::size_t prune_sessions(base::timestamp now, base::timestamp idle_since) = 0;

    /// All addresses, the one seen last first.
    virtual std::vector<address_row> list_addresses() = 0;

    /// The row of a canonical address, or none.
    virtual std::optional<address_row> find_address(std::string const& address) = 0;

    /// Whether this name was claimed at any address without a password.
    virtual bool is_identified(std::string const& name) = 0;

    /// Sets the name of a canonical address. If an account has this folded name, the address becomes the account's: it
    /// gets the account's own spelling, and is renamed and deleted with the account. Returns the name as stored.
    virtual std::string set_address(std::string const& address, std::string const& name, std::string const& folded_name,
                                    base::timestamp now) = 0;

    /// Deletes an address. Errors: not_found.
    virtual result<void> forget_address(std::string const& address) = 0;

    /// The blocked networks, those known to the account first.
    virtual std::vector<blocked_network> list_blocked_networks(account_id account, throttle_rules const& rules,
                                                               base::instant now) = 0;

    /// The throttled networks, those with failures first. `max_registrations` is the servers' limit for a network; 0:
    /// none.
    virtual std::vector<throttled_network> list_throttled_networks(throttle_rules const& rules,
                                                                   std::uint32_t max_registrations,
                                                                   base::instant now) = 0;

    /// Deletes the failures and the registrations of a network and returns the number of failures. Failure counters of
    /// accounts stay, and so do pending attempts, which count until their passwords were checked.
    virtual std::size_t enable_network(std::string const& network) = 0;

    /// The bans that have not expired by the store's clock, the newest first.
    virtual std::vector<ban_row> list_bans() = 0;

    /// Bans a network, or replaces its ban. Deletes expired bans. Running servers learn of it within a second.
    virtual added_ban add_ban(new_ban const& ban) = 0;

    /// Removes the bans that list_bans() lists by this text, or only those of them with this reason. Deletes expired
    /// bans. Errors: not_found (also expired).
    virtual result<void> remove_ban(std::string const& network, std::optional<std::string> const& reason) = 0;

    /// All invitations that are neither spent nor expired by the store's clock, oldest first.
    virtual std::vector<invitation_row> list_invitations() = 0;

    /// Adds an invitation. Deletes those that are spent or expired. Returns none when there are most_invitations.
    virtual std::optional<invitation_row> add_invitation(new_invitation const& fresh) = 0;

    /// Removes an invitation, so that its code is invalid at once. Errors: not_found (also spent or expired).
    virtual result<void> remove_invitation(std::int64_t id) = 0;

    /// Adds a reset for an account, in place of an earlier one, and returns when it expires. Errors: not_found.
    virtual result<base::timestamp> add_reset(account_id account, code_digest const& code,
                                              std::chrono::seconds duration) = 0;

    /// The stored state that decides on an attempt at this account (none: at no account's password) from this network:
    /// `decide(history_of(...), rules, now)` is the decision.
    virtual attempt_history history_of(std::optional<account_id> account, std::string const& network,
                                       throttle_rules const& rules, base::instant now) = 0;

    /// The changes that the filter accepts, the oldest first.
    virtual std::vector<audit_row> list_audit(audit_filter const& filter) = 0;

    /// Checks every row of the audit. `key`: porterd's. The rows are those of one moment.
    virtual audit_report verify_audit(audit_key const& key) = 0;

    /// The damage that the store's own check finds, a line each, in the words of its engine. When there is damage,
    /// find_faults() means little.
    virtual std::vector<std::string> find_damage() = 0;

    /// The faults of undamaged data, a line each: names without their keys, tables or triggers that are missing.
    virtual std::vector<std::string> find_faults() = 0;

    /// The version of the schema and the number of rows.
    virtual store_status status() = 0;

    /// Migrates the store to the newest schema. Returns the steps that this call applied. Each step is a transaction:
    /// when one fails, those before it stay. Throws start_error, too, which names the step.
    virtual std::vector<applied_migration> migrate() = 0;
};

}  // namespace porter::detail::store
