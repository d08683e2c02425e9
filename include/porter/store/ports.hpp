#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "porter/clock.hpp"
#include "porter/result.hpp"
#include "porter/store/records.hpp"
#include "porter/store/throttle.hpp"
#include "porter/task.hpp"

/// What a server requires of a store of accounts, sessions, addresses and attempts. The default is an SQLite file;
/// server_parts::store replaces it by classes of yours that implement these; bans, access codes and second factors are
/// optional. The interface may change before version 1.0.
///
/// Effect: each operation is atomic, and durable when its task resumes with success. But touch(), prune() and
/// find_ended() may work in batches, of which each is; a crash may forget touch() and addresses::record(), and the
/// failover of a database attempts. No transaction or handle is exposed.
///
/// Errors: every operation may fail with errc::unavailable (not repeated below); then nothing was changed, except by
/// earlier batches. An exception that leaves an operation is a defect: it ends the connection.
///
/// Threads: operations are awaited on every I/O thread of the server, several at once, and must not block it: hand
/// the work to a thread or a connection of your own, and resume the task on its own executor. Arguments are passed by
/// value because the work may outlive the caller's statement.
///
/// Cancellation: an operation that has started is completed; a cancelled caller waits until then.
///
/// Repeating: a caller who lost the answer, as of a connection to a database, may ask again with the same arguments.
/// The work is done once, and the answer is that of the first time. A repeated open() or open_first() is recognised by
/// the token digest, as long as the session lives; attempts::begin() by the id, as long as the attempt is pending;
/// change_password() and rehash() by their new hash, as long as it is stored; those of access_codes as open() is. A
/// repeated end() is not_found. The other
/// operations have no further effect when they are repeated. A repeated operation that changed nothing the first time
/// is done now.
///
/// Porter's own stores pass tests/store/conformance, which a new one should pass, too.
namespace porter::store {

/// Accounts and their password hashes.
class accounts {
public:
    virtual ~accounts() = default;

    /// The account with this folded name, or none; disabled ones too.
    virtual task<result<std::optional<account>>> find(std::string folded_name) = 0;

    /// The same account, with the costs of all stored hashes, which a check of its password computes: at most
    /// hash_costs_at_once of those that is_computable() accepts, the highest by work, then by memory, first.
    virtual task<result<claimed_account>> find_claimed(std::string folded_name) = 0;

    /// The account with this id, likewise.
    virtual task<result<claimed_account>> find_claimed(account_id id) = 0;

    /// Replaces the hash by another one of the same password, if `old_hash` is still stored; sessions stay. Does
    /// nothing if `new_hash` is stored. Errors: credential_changed.
    virtual task<result<void>> rehash(account_id id, std::string old_hash, std::string new_hash) = 0;

    /// Changes the password, if the verified credential is still current (a rehash does not change it) and the account
    /// is not disabled. Ends every session of the account except `keep`, which from then on counts as opened by the new
    /// credential, and resets the failure counter of the attempt. Does nothing if this change was the last one. Errors:
    /// credential_changed.
    virtual task<result<void>> change_password(password_change change) = 0;
};

/// Callbacks for sessions that end, and for whether their ends are known. They are called on a thread of the store, or
/// on that of the task that ended the sessions: they post, and neither block nor call the store. An empty function is
/// not called.
struct session_watch {
    /// Sessions ended a moment ago, by this process, another one, or a database shell. A store may report one again.
    std::function<void(std::span<ended_session const>)> on_sessions_ended{};
    /// Some ended sessions may not have been reported: ask find_ended() about every live one.
    std::function<void()> on_reports_missed{};
    /// The stored data were removed, replaced or changed to another schema; `reason` is a sentence. From then on every
    /// operation except find_ended() is unavailable until the store is opened again. Called once.
    std::function<void(std::string const& reason)> on_store_lost{};
    /// This process has lost contact with the store that it shares with others, for so long that sessions may have
    /// ended without a report: the server grants no access, and its connections end after
    /// server_options::partition_grace. A watch that is set while this lasts is told at once. A store with one
    /// server never calls it.
    std::function<void()> on_partitioned{};
    /// There is contact again after on_partitioned(), and what ended in between was reported.
    std::function<void()> on_rejoined{};
};

/// Sessions, which the digest of a token finds.
class sessions {
public:
    virtual ~sessions() = default;

    /// Opens a session of an account whose credential was just verified. Records the login (time, address) and the
    /// address, resets the failure counter of the attempt and failed_since, and ends the oldest sessions beyond
    /// max_sessions. If the account has a session with this digest, returns what was returned when it was opened, with
    /// the same `before`, and changes nothing. Errors: credential_changed.
    virtual task<result<opened_session>> open(new_session record) = 0;

    /// Adds an account and opens its first session: both or neither, so that no client is told of an error although
    /// its account exists. Ignores `id`, `credential_version` and `failed_since` of the account, and the account and
    /// the credential version of `first`. If an account with the same folded name and password hash has a session with
    /// this digest, returns the same as then and changes nothing. Errors: name_taken; credential_changed (the account
    /// is disabled).
    virtual task<result<opened_session>> open_first(account owner, new_session first) = 0;

    /// The session with this digest, or none. Expired ones, too: the caller decides by its own clock.
    virtual task<result<std::optional<found_session>>> find(token_digest digest) = 0;

    /// The account's sessions that are not expired (absolute end after `now`, last use after `idle_since`), oldest
    /// first.
    virtual task<result<std::vector<session>>> list(account_id account, timestamp now, timestamp idle_since) = 0;

    /// Ends one session of this account. Errors: not_found (it has ended, or belongs to another account).
    virtual task<result<void>> end(account_id account, session_id id, end_cause cause = end_cause::revoked) = 0;

    /// Ends every session of this account.
    virtual task<result<void>> end_all(account_id account, end_cause cause = end_cause::revoked) = 0;

    /// Records when and from where sessions were last used, and makes those networks known to their accounts. Skips
    /// times before the recorded one. Returns the sessions that are not stored any more: their connections end, even
    /// if the watch has not reported them.
    virtual task<result<std::vector<session_id>>> touch(std::vector<session_activity> activities) = 0;

    /// Removes sessions whose absolute end is at or before `now` or whose last use is at or before `idle_since`, and
    /// the rows of access codes that have expired or are spent. Returns the number of sessions.
    virtual task<result<std::size_t>> prune(timestamp now, timestamp idle_since) = 0;

    /// Which of these sessions are over: not stored, past their absolute end at `now`, or created more than
    /// clock_tolerance after `now`. After session_watch::on_store_lost this reads the data that replaced the store's.
    virtual task<result<std::vector<session_id>>> find_ended(std::vector<session_id> live, timestamp now) = 0;

    /// The sessions whose absolute end, as it is stored now, is after `after` and not after `until`; of more than
    /// 10,000 the latest. An administrator may have changed it by hand.
    virtual task<result<std::vector<session_id>>> ended_between(timestamp after, timestamp until) = 0;

    /// Reports sessions that end from now on. Replaces the previous watch, which is not called any more when this
    /// returns; an empty watch removes it.
    virtual void watch(session_watch watch) = 0;
};

/// The names last used from addresses, which a welcome contains: hints, no proofs.
class addresses {
public:
    virtual ~addresses() = default;

    /// The name last recorded for this canonical address, or none.
    virtual task<result<std::optional<std::string>>> name_of(std::string address) = 0;

    /// Records `name` for this canonical address. `account` is set when the name is proved; the network is then known
    /// to the account, too. Does nothing, without an error, when the account was deleted. Beyond the limits of
    /// limits.hpp the addresses seen longest ago are deleted.
    virtual task<result<void>> record(std::string address, std::string network, std::string name,
                                      std::optional<account_id> account, timestamp at) = 0;
};

/// Attempts at passwords and other secrets, counted by account and by network.
class attempts {
public:
    virtual ~attempts() = default;

    /// Decides on an attempt by decide() and counts it if it is allowed: on the failure counter of its account (the one
    /// of the network, if the account was accessed from there before) or of its unknown name, in the network's window
    /// and, if it is a registration, among those of the network and of its site. A deleted account counts as none.
    /// The counter of an unknown name behaves like that of an account, so that nothing tells them apart: all servers of
    /// a store share it, but it may be lost at a restart, and there are most_unknown_names at most. The attempt is
    /// pending until it succeeds, fails or is rolled back. An attempt that would be allowed if no attempt were pending
    /// is denied as `pending`, not throttled. Opening the store rolls back what a previous process left pending.
    /// Repeated with the id of a pending attempt, it answers as the first time and counts nothing.
    virtual task<result<attempt_result>> begin(secret_attempt attempt, throttle_rules rules) = 0;

    /// A counted attempt failed and stays counted, but not as a registration. Does nothing if it is not pending. In a
    /// store that servers share it is unavailable if another server took this one for stopped and rolled the attempt
    /// back: the client must not learn the result of a guess that is not counted.
    virtual task<result<void>> fail(counted_attempt attempt) = 0;

    /// Undoes those of the attempts that are still pending, as if they had not been made.
    virtual task<result<void>> rollback(std::vector<counted_attempt> pending) = 0;
};

/// Calls back with all bans, expired ones too, in any order; most_bans + 1 of them if there are more. Called on a
/// thread of the store, or on that of watch(): it posts, and neither blocks nor calls the store.
using ban_watch = std::function<void(std::span<ban const> bans)>;

/// Networks that an administrator has banned.
class bans {
public:
    virtual ~bans() = default;

    /// Calls `watcher` at once, before this returns, and within a second of each change of a ban, by this process,
    /// another one, or a database shell. If the bans cannot be read, the first call comes when they can. A store may
    /// call without a change. Replaces the previous watch, which is not called any more when this returns; an empty
    /// function removes it.
    virtual void watch(ban_watch watcher) = 0;
};

/// The codes of invitations and resets, which an administrator has made. A store keeps only their digests.
class access_codes {
public:
    virtual ~access_codes() = default;

    /// What the code with this digest is for, or none: it is unknown, spent, or expired at `now`. Nothing is spent.
    virtual task<result<std::optional<access_code>>> find(code_digest code, timestamp now) = 0;

    /// sessions::open_first() by an invitation: spends one of its uses in the same transaction, so that concurrent
    /// calls register no more accounts than it has uses. An error spends nothing. Errors: not_found (the code is
    /// unknown, spent, expired when `first` was created, not that of an invitation, or of one for another name);
    /// name_taken; credential_changed (the account is disabled).
    virtual task<result<opened_session>> register_invited(code_digest code, account owner, new_session first) = 0;

    /// Gives the account of `record` another password by the code of a reset: spends it, ends every session of the
    /// account, resets its failure counters, and opens this one, all or nothing. Ignores the credential version of
    /// `record`. Any other change of the password makes the code invalid, too. Errors: not_found (the code is unknown,
    /// spent, expired when `record` was created, or not that of a reset of this account); credential_changed (the
    /// account is disabled, or has a second factor that was not proved).
    virtual task<result<opened_session>> reset_password(code_digest code, std::string new_hash, new_session record) = 0;
};

/// Second factors of accounts: one-time codes, and recovery codes for those who cannot make one.
class second_factors {
public:
    virtual ~second_factors() = default;

    /// That of the account, or none.
    virtual task<result<std::optional<second_factor>>> find(account_id account) = 0;

    /// Adds it, with its recovery codes. Does nothing if the account has one with this sealed secret. Errors:
    /// credential_changed (the account has another one, or was deleted).
    virtual task<result<void>> add(new_second_factor record) = 0;

    /// Accepts the code of a time step, if the step is later than the last one that was accepted: of concurrent uses of
    /// a step one succeeds, whatever server it comes from. Repeated with the same `use` it succeeds again, as long as
    /// no later step was accepted. Errors: not_found (the step was used, or there is no second factor).
    virtual task<result<void>> use_step(account_id account, std::int64_t step, attempt_id use) = 0;

    /// Accepts the recovery code with this digest, once. Repeated with the same `use` it succeeds again. Errors:
    /// not_found (unknown or used).
    virtual task<result<void>> use_recovery_code(account_id account, token_digest digest, attempt_id use,
                                                 timestamp at) = 0;

    /// Removes that of the account with its recovery codes, if there is one.
    virtual task<result<void>> remove(account_id account) = 0;
};

/// The ports of one store. They outlive the server that uses them, and so does the clock.
struct ports {
    store::accounts& accounts;    ///< names and password hashes
    store::sessions& sessions;    ///< sessions and their tokens
    store::addresses& addresses;  ///< the names last used from addresses
    store::attempts& attempts;    ///< failed passwords and other attempts
    /// The clock that all servers of the store share, such as that of its database: by it they date and end sessions
    /// and judge attempts, so that a server whose own clock is wrong ends no pause early. Null: the server's clock,
    /// server_parts::clock or the system's, which suits a store with one server.
    porter::clock const* clock = nullptr;
    /// Null: no network is banned.
    store::bans* bans = nullptr;
    /// Null: no code is valid, so there are neither invitations nor resets.
    store::access_codes* codes = nullptr;
    /// Null: no account has a second factor.
    store::second_factors* second_factors = nullptr;
};

}  // namespace porter::store
