#pragma once

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
#include "auth/throttle.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/error.hpp"
#include "sessions/ended_sessions.hpp"
#include "sessions/session.hpp"
#include "sessions/token.hpp"
#include "store/ports.hpp"

namespace porter::detail::sessions {

struct options {
    std::chrono::seconds ttl = std::chrono::days{30};      ///< absolute life
    std::chrono::seconds idle_ttl = std::chrono::days{7};  ///< sliding life
    std::uint32_t max_per_account = 16;                    ///< one more ends the oldest
};

/// Issues, resumes, lists and ends sessions. Safe from any I/O thread.
class registry {
public:
    registry(store::sessions& sessions, auth::throttle& throttle, token_source& tokens, base::clock const& clock,
             log::logger& log, options rules);
    ~registry();
    registry(registry const&) = delete;
    registry& operator=(registry const&) = delete;

    /// Opens a session for somebody who just proved an account. Errors: bad_credentials (the credential changed or
    /// the account was disabled meanwhile), unavailable.
    task<result<session>> open(auth::principal const& who, identity::address from, store::transport over);

    /// Makes the account of somebody who may have one, with its first session. Errors: name_taken (somebody else was
    /// faster), unavailable.
    task<result<session>> open(auth::pending_account const& who, identity::address from, store::transport over);

    /// Takes up the session that a token names. Errors: invalid_token (unknown, malformed, expired, revoked, account
    /// disabled; counted for the address), throttled in its place (a token that is good is taken from any address: it
    /// cannot be guessed), tls_required (opened over TLS, resumed in the clear: revoked as well, unless the peer is on
    /// loopback), unavailable. Its last use is written later, by write_uses().
    task<result<session>> resume(base::secret token, identity::address from, store::transport over);

    /// The account's live sessions, oldest first. Errors: unavailable.
    task<result<std::vector<store::session>>> list(store::account_id account);

    /// Ends one session of the account. Errors: not_found, unavailable.
    task<result<void>> revoke(store::account_id account, store::session_id id,
                              store::end_cause why = store::end_cause::revoked);

    /// Ends every session of the account. Errors: unavailable.
    task<result<void>> revoke_all(store::account_id account, store::end_cause why = store::end_cause::revoked);

    /// Whether this session is known to have ended (within the last minutes, whoever ended it). A connection makes
    /// itself findable by its session's id first and asks this afterwards, so that no ending slips between.
    bool has_ended(store::session_id id) const { return ended_.contains(id); }

    /// Tells of what the store tells of, after it was noted here: on a thread of the store's, so post from it. Replaces
    /// the watch before, an empty one takes it away; when this returns the old one is not called any more.
    void watch(store::session_watch watcher);

    /// Asks the store which of these live sessions are over, and tells of those that are, however they came to be: the
    /// journal tells of endings, not of a time that was changed by hand or by a clock that was ahead. A failure is
    /// logged.
    task<void> recheck(std::vector<store::session_id> live);

    /// Tells the watch of the sessions whose absolute end came within the last minute, as the store has it: an
    /// administrator may have moved it by hand. Once a second.
    task<void> end_expired();

    /// Notes that these sessions are in use now: one with a live connection does not idle out.
    void record_activity(std::span<store::session_id const> live);

    /// Writes the noted uses in one batch. A failure is logged and the uses are kept for the next time.
    task<void> write_activity();

    /// Writes the noted uses and, if that succeeds, removes expired sessions from the store. A failure is logged.
    task<void> prune();

private:
    /// A session yet without an account and an id, with a token of its own.
    session prepare(std::string name, base::timestamp now);
    store::new_session record_of(session const& prepared, base::timestamp now, identity::address const& from,
                                 store::transport over) const;
    session make_session(session prepared, store::opened_session stored, identity::address const& from) const;
    base::timestamp idle_since(base::timestamp now) const { return now - options_.idle_ttl; }
    /// Counts a token that is none. Why the peer is refused.
    task<error> token_error(identity::address const& from);
    bool is_expired(store::session const& found, base::timestamp now) const;
    session make_resumed(store::found_session const& found) const;
    /// False: they are still to be written.
    task<bool> store_activity();
    /// Ends a session that may not be resumed, so that it stays ended whatever the clock says next.
    task<void> terminate(store::session const& refused, store::end_cause why);
    void on_ended(std::span<store::ended_session const> ended);
    void notify_missed();
    void notify_lost(std::string const& reason);
    void record_activity(store::session_activity use);
    std::optional<store::session_activity> pending_activity(store::session_id id) const;

    store::sessions& sessions_;
    auth::throttle& throttle_;
    token_source& tokens_;
    base::clock const& clock_;
    log::logger& log_;
    options options_;
    ended_sessions ended_;
    mutable std::mutex activity_mutex_;
    std::unordered_map<store::session_id, store::session_activity> activity_;  // noted, and not yet written
    std::mutex watch_mutex_;                                                   // held while watch_ is called
    store::session_watch watch_;
};

}  // namespace porter::detail::sessions
