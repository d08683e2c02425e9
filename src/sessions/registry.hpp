#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "auth/pending_account.hpp"
#include "auth/principal.hpp"
#include "auth/redemption.hpp"
#include "auth/throttle.hpp"
#include "base/clock.hpp"
#include "base/published.hpp"
#include "base/secret.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/result.hpp"
#include "sessions/ended_sessions.hpp"
#include "sessions/session.hpp"
#include "sessions/token.hpp"
#include "store/ports.hpp"

namespace porter::detail::sessions {

struct options {
    std::chrono::seconds ttl = std::chrono::days{30};      ///< the lifetime of a session, from its opening
    std::chrono::seconds idle_ttl = std::chrono::days{7};  ///< its lifetime without use
    std::uint32_t max_per_account = 16;                    ///< opening another session ends the oldest
};

/// Issues, resumes, lists and ends sessions. Safe from any I/O thread.
class registry {
public:
    /// `codes`: null if the store keeps no codes.
    registry(store::sessions& sessions, auth::throttle& throttle, token_source& tokens, base::clock const& clock,
             log::logger& log, options options, store::access_codes* codes = nullptr);
    ~registry();
    registry(registry const&) = delete;
    registry& operator=(registry const&) = delete;

    /// Replaces the options: the idle lifetime for all sessions, the rest for those that are opened later. From any
    /// thread.
    void set_options(options next) { options_.publish(next); }

    /// Opens a session for an account whose password was verified. Errors: bad_credentials (since then the password was
    /// changed or the account disabled), unavailable.
    task<result<session>> open(auth::principal const& principal, identity::address from, store::transport transport);

    /// Adds an account together with its first session. Errors: name_taken (another client registered it since),
    /// unavailable.
    task<result<session>> open(auth::pending_account const& account, identity::address from,
                               store::transport transport);

    /// Redeems a code: adds an account with its first session, or sets another password and opens the only session of
    /// its account. Errors: invalid_code (spent or expired since), name_taken, bad_credentials (the account was
    /// disabled since), which are counted; unavailable.
    task<result<session>> open(auth::redemption const& redeemed, identity::address from, store::transport transport);

    /// Resumes the session that a token names. Errors: invalid_token (unknown, malformed, expired, revoked, or of a
    /// disabled account; counted against the address), or throttled instead (a valid token is accepted from any
    /// address, because it cannot be guessed); tls_required (opened over TLS, resumed in plaintext: also revokes the
    /// session, unless the peer is on loopback); unavailable. write_activity() stores the time of use later.
    task<result<session>> resume(base::secret token, identity::address from, store::transport transport);

    /// The account's live sessions, oldest first. Errors: unavailable.
    task<result<std::vector<store::session>>> list(store::account_id account);

    /// Ends one session of the account. Errors: not_found, unavailable.
    task<result<void>> revoke(store::account_id account, store::session_id id,
                              store::end_cause cause = store::end_cause::revoked);

    /// Ends every session of the account. Errors: unavailable.
    task<result<void>> revoke_all(store::account_id account, store::end_cause cause = store::end_cause::revoked);

    /// Whether this session ended recently, by whatever cause. A connection registers itself under its session's id
    /// first and calls this afterwards, so that it misses no end of its session.
    bool has_ended(store::session_id id) const { return ended_.contains(id); }

    /// Whether the store has lost contact with the other servers that share it. Until it has rejoined them, open() and
    /// resume() are unavailable: sessions may have ended, and passwords changed, without this server's knowledge.
    bool is_partitioned() const noexcept { return is_partitioned_; }

    /// Sets the watch that is called for what the store reports, after the registry has recorded it. Called on a thread
    /// of the store: post from it. Replaces the previous watch, which is not called any more when this returns; an
    /// empty watch removes it.
    void watch(store::session_watch watcher);

    /// Asks the store which of these live sessions are over and notifies the watch of them. The journal does not report
    /// a session whose times were changed by hand or set by a clock that was ahead. A failure is logged.
    task<void> recheck(std::vector<store::session_id> live);

    /// Notifies the watch of sessions that expired within the last minute by what is stored: an administrator may have
    /// changed `expires_at`. To be called once a second.
    task<void> notify_expired();

    /// Records that these sessions are in use now, so that a session with a connection does not expire as idle.
    void record_activity(std::span<store::session_id const> live);

    /// Writes the recorded activity in one batch, and notifies the watch of the sessions in it that have ended, whether
    /// the store reported them or not. A failure is logged, and the activity is kept for the next call.
    task<void> write_activity();

    /// Completes when the store has answered a read and a write, whether with an error or not.
    task<void> probe();

    /// Writes the recorded activity and, if that succeeds, removes expired sessions from the store. A failure is
    /// logged.
    task<void> prune();

private:
    /// A session with a new token, without an account and an id as yet.
    session prepare(std::string name, base::timestamp now);
    store::new_session record_of(session const& prepared, base::timestamp now, identity::address const& from,
                                 store::transport transport) const;
    session make_session(session prepared, store::opened_session stored, identity::address const& from) const;
    base::timestamp idle_since(base::timestamp now) const { return now - options_->idle_ttl; }
    task<store::result<store::opened_session>> redeem(auth::redemption const& redeemed, store::new_session record);
    /// Counts an invalid token and returns the error for the client.
    task<error> token_error(identity::address const& from);
    bool is_expired(store::session const& found, base::timestamp now) const;
    session make_resumed(store::found_session const& found) const;
    /// False: it is not written yet.
    task<bool> store_activity();
    void forget_activity(std::span<store::session_activity const> written);
    /// Ends a session that may not be resumed, so that it stays over if the clock is set back.
    task<void> terminate(store::session const& session, store::end_cause cause);
    void on_ended(std::span<store::ended_session const> ended);
    /// Sessions that the store does not have any more; it has reported most of them.
    void on_gone(std::span<store::session_id const> gone);
    void log_ended(std::span<store::ended_session const> ended);
    void notify_ended(std::span<store::ended_session const> ended);
    void notify_missed();
    void notify_lost(std::string const& reason);
    void notify_partitioned(bool is_partitioned);
    void record_activity(store::session_activity activity);
    std::optional<store::session_activity> pending_activity(store::session_id id) const;

    store::sessions& sessions_;
    store::access_codes* codes_;  // null: the store keeps none
    auth::throttle& throttle_;
    token_source& tokens_;
    base::clock const& clock_;
    log::logger& log_;
    base::published<options> options_;
    ended_sessions ended_;
    std::atomic<bool> is_partitioned_ = false;
    mutable std::mutex activity_mutex_;
    std::unordered_map<store::session_id, store::session_activity> activity_;  // not written yet
    std::mutex watch_mutex_;                                                   // held while watch_ is called
    store::session_watch watch_;
};

}  // namespace porter::detail::sessions
