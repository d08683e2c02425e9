#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "porter/task.hpp"
#include "store/records.hpp"
#include "store/throttle.hpp"

/// What the rooms ask of a store, in their own words: each operation is whole and atomic, no transaction or handle
/// leaks. A success is durable when the task resumes. Every operation may fail with errc::unavailable (not repeated
/// below). Arguments are taken by value because the operation runs on the store's threads; a cancelled caller waits
/// for the operation's end. Every backend passes tests/store/conformance.
namespace porter::detail::store {

class accounts {
public:
    virtual ~accounts() = default;

    /// The account with this folded name, or none; disabled ones too.
    virtual task<result<std::optional<account>>> find(std::string folded_name) = 0;

    /// The same account, with the costs of all stored hashes: a check of its password computes each of them. Of the
    /// costs that base::is_computable allows there are at most hash_costs_at_once, ordered by work, then by memory.
    virtual task<result<claimed_account>> find_claimed(std::string folded_name) = 0;

    /// The account with this id, likewise.
    virtual task<result<claimed_account>> find_claimed(account_id id) = 0;

    /// Puts a stronger hash of the same password in place, if `old_hash` is still the stored one; sessions stay.
    /// Errors: credential_changed.
    virtual task<result<void>> rehash(account_id id, std::string old_hash, std::string new_hash) = 0;

    /// Changes the password, if the credential is still the one that was verified (a rehash does not make it another)
    /// and the account not disabled; ends every session of the account but one, which from now on counts as opened by
    /// the new credential, and undoes the try with those before it on the same counter. Errors: credential_changed.
    virtual task<result<void>> change_password(password_change asked) = 0;
};

/// Who watches for sessions that end. The calls come on a thread of the store's, or on that of the task which ended
/// them: post from them, do not block them, do not call the store. An empty function is not called.
struct session_watch {
    std::function<void(std::span<ended_session const>)> ended{};  ///< soon after each ending, by whatever ended it:
                                                                  ///< this process, another one, or a database shell
    std::function<void()> missed{};  ///< endings may have been missed: ask gone() about every live session
    /// What is stored was taken away, replaced or changed to another schema, and the reason in a sentence: from now on
    /// all but gone() is unavailable, and only opening the store anew helps. Once.
    std::function<void(std::string const& reason)> lost{};
};

class sessions {
public:
    virtual ~sessions() = default;

    /// Opens a session of an account whose credential was just verified: records the login (time, address) and that the
    /// account was at that address, undoes the try with those before it on the same counter, zeroes failed_since, and
    /// ends the oldest sessions beyond `keep`. Errors: credential_changed.
    virtual task<result<opened_session>> open(new_session fresh) = 0;

    /// Adds an account and opens its first session: both or neither, so that no client is told of an error although
    /// its account exists. Ignores `id`, `credential_version` and `failed_since` of the account, and the account and
    /// the credential version of `first`. Errors: name_taken; credential_changed (the account is disabled).
    virtual task<result<opened_session>> open_first(account owner, new_session first) = 0;

    /// The session with this digest, or none. Expired ones too: the caller judges by its own clock.
    virtual task<result<std::optional<found_session>>> find(token_digest digest) = 0;

    /// The account's sessions that are not expired at `now` (absolute end after `now`, last use after `idle_since`),
    /// oldest first.
    virtual task<result<std::vector<session>>> list(account_id account, base::timestamp now,
                                                    base::timestamp idle_since) = 0;

    /// Ends one session of this account. Errors: not_found (also when it belongs to another account).
    virtual task<result<void>> end(account_id account, session_id id, end_cause why = end_cause::revoked) = 0;

    /// Ends every session of this account.
    virtual task<result<void>> end_all(account_id account, end_cause why = end_cause::revoked) = 0;

    /// Writes when, and from where, sessions were last used, and that their accounts were there. A session that is
    /// gone is passed over; a time before the recorded one changes nothing.
    virtual task<result<void>> touch(std::vector<session_activity> uses) = 0;

    /// Removes sessions whose absolute end is at or before `now` or whose last use is at or before `idle_since`;
    /// how many.
    virtual task<result<std::size_t>> prune(base::timestamp now, base::timestamp idle_since) = 0;

    /// Which of these sessions are over: no longer there, past their absolute end at `now`, or opened in a future that
    /// no clock of ours reaches (created more than clock_tolerance after `now`). After `lost` this looks at what is
    /// stored now in the store's place.
    virtual task<result<std::vector<session_id>>> find_ended(std::vector<session_id> live, base::timestamp now) = 0;

    /// The sessions whose absolute end is after `after` and not after `until`, as the store has it now: an
    /// administrator may have moved it by hand. Of more than 10,000 those that ended last.
    virtual task<result<std::vector<session_id>>> ended_between(base::timestamp after, base::timestamp until) = 0;

    /// Tells of sessions that end from now on. At most one watch: an empty one takes the old one away, and when this
    /// returns the old one is not called any more.
    virtual void watch(session_watch watcher) = 0;
};

class addresses {
public:
    virtual ~addresses() = default;

    /// The name last recorded for this canonical address, or none.
    virtual task<result<std::optional<std::string>>> name_of(std::string address) = 0;

    /// Records that `name` was here from this canonical address at `at`; `account` is set when the name is proved, and
    /// then it is known in the address's network, too. For an account that is gone nothing is recorded; that is no
    /// error. Of an IPv6 network, of its site and in all there are no more addresses than limits.hpp says: those seen
    /// longest ago are forgotten.
    virtual task<result<void>> record(std::string address, std::string network, std::string name,
                                      std::optional<account_id> account, base::timestamp at) = 0;
};

/// The tries of passwords and other secrets that were counted, by account and by network.
class attempts {
public:
    virtual ~attempts() = default;

    /// Judges a try by judge(), and counts it where that allows it: on the failure counter of its account (the
    /// network's own, where the account was accessed from before), in the network's window, and, when it asks for an
    /// account, among the network's registrations and those of its site. An account that is gone is as none. The try is
    /// undecided until it succeeds, fails or is given back: one that is refused while there are such on the same ladder
    /// or from the same network is not throttled but `undecided`. A start gives back what is left of them.
    virtual task<result<attempt_result>> begin(secret_attempt asked, throttle_rules rules) = 0;

    /// A counted try failed: it counts from now on whatever happens. What asked for an account did not get one, and is
    /// no registration.
    virtual task<result<void>> fail(counted_attempt decided) = 0;

    /// Undoes tries that came to no decision: all is as if they had not been made.
    virtual task<result<void>> rollback(std::vector<counted_attempt> undecided) = 0;
};

/// The ports of one store, as they are handed to the rooms. All references outlive the rooms.
struct ports {
    store::accounts& accounts;
    store::sessions& sessions;
    store::addresses& addresses;
    store::attempts& attempts;
};

}  // namespace porter::detail::store
