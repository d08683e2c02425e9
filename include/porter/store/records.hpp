#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porter/clock.hpp"
#include "porter/result.hpp"
#include "porter/store/hash_cost.hpp"
#include "porter/store/limits.hpp"

namespace porter::store {

/// Why an operation failed. In every case nothing was changed.
enum class errc {
    unavailable,         ///< the store is down, locked for too long, or full: try again
    name_taken,          ///< an account with this folded name exists
    credential_changed,  ///< the password hash is no longer the one that was verified, or the account was disabled or
                         ///< deleted, or has a second factor now that was not proved
    not_found,           ///< no such account, session or code
};

/// What an operation of a store returns.
template <typename T>
using result = porter::result<T, errc>;

using account_id = std::int64_t;  ///< > 0, never reused
using session_id = std::int64_t;  ///< > 0, never reused

/// An attempt at a secret: > 0, chosen by the caller of attempts::begin() at random, so that no two are the same.
using attempt_id = std::int64_t;

/// The BLAKE2b-256 of a token, stored instead of it.
using token_digest = std::array<std::byte, 32>;

/// The BLAKE2b-256 of the code of an invitation or a reset, stored instead of it.
using code_digest = std::array<std::byte, 32>;

/// The digest of a name that no account has. The server makes it with a secret key, and a store never gets the name.
using name_digest = std::array<std::byte, 16>;

/// The transport over which a session was opened: one opened over TLS is never resumed in plaintext.
enum class transport : std::uint8_t { plain = 0, tls = 1 };

/// A stored account.
struct account {
    account_id id = 0;                     ///< 0: not stored yet
    std::string name;                      ///< as first registered
    std::string folded_name;               ///< NFKC case-folded, unique
    std::string password_hash;             ///< as written by crypto_pwhash_str
    std::int64_t credential_version = 1;   ///< incremented by a new password, not by a rehash
    timestamp created_at{};                ///< when it was registered
    std::optional<timestamp> disabled_at;  ///< none: it may log in
    std::uint32_t failed_since = 0;        ///< failed password attempts since the last login
    bool has_second_factor = false;        ///< then a right password is not enough
};

/// The input of a password check, read in one transaction.
struct claimed_account {
    std::optional<store::account> account;  ///< none: no account has the name
    std::vector<hash_cost> hash_costs;      ///< of all stored hashes: the highest computable ones, in descending order
};

/// What the owner of an account is shown at the next access, to notice the access of others.
struct access_history {
    std::optional<timestamp> last_login_at;  ///< the previous registration or login; none: this is the first
    std::string last_address;                ///< empty when there was none
    std::uint32_t failed_since = 0;          ///< failed password attempts since then
};

/// A stored session.
struct session {
    session_id id = 0;                                     ///< of the session
    account_id account = 0;                                ///< whose session it is
    timestamp created_at{};                                ///< when it was opened
    timestamp last_used_at{};                              ///< when a connection last used it
    timestamp expires_at{};                                ///< the absolute end
    std::string address;                                   ///< canonical address that opened or last resumed it
    store::transport transport = store::transport::plain;  ///< over which it was opened
};

/// Whether a session is over regardless of its use: past its absolute end, or opened by a clock that was ahead.
inline bool is_past_its_end(session const& session, timestamp now)
{
    return session.expires_at <= now || session.created_at > now + clock_tolerance;
}

/// An attempt at a secret that is counted as failed while it is pending, with what is needed to undo that.
struct counted_attempt {
    attempt_id id = 0;                               ///< of the attempt; 0: none is counted
    std::optional<account_id> account;               ///< whose failure counter counts it
    std::optional<name_digest> unknown_name;         ///< the name whose failure counter counts it instead
    std::string network;                             ///< the network it came from
    bool is_known_network = false;                   ///< the account's counter for this network counts it
    std::int64_t registration = 0;                   ///< its row among the registrations; 0: none
    instant at{};                                    ///< when it was made
    instant last_before{};                           ///< of the counter, before this attempt
    std::optional<timestamp> last_failed_at_before;  ///< of the account, before this attempt
};

/// A session to open.
struct new_session {
    account_id account = 0;                                ///< whose session it is
    std::int64_t credential_version = 0;                   ///< of the verified credential
    bool is_second_factor_proved = false;                  ///< else it is not opened if the account has one by now
    counted_attempt attempt;                               ///< the attempt that succeeded
    token_digest digest{};                                 ///< of its token
    timestamp created_at{};                                ///< now
    timestamp expires_at{};                                ///< the absolute end
    std::string address;                                   ///< canonical
    std::string network;                                   ///< of the address, the unit of limits
    store::transport transport = store::transport::plain;  ///< over which it is opened
    std::uint32_t max_sessions = 16;                       ///< of the account; beyond it the oldest end
};

/// A session that was opened.
struct opened_session {
    session_id id = 0;       ///< of the session
    account_id account = 0;  ///< whose session it is
    access_history before;   ///< as it was before this session
};

/// A session found by the digest of its token, with its account.
struct found_session {
    store::session session;         ///< as it is stored
    std::string account_name;       ///< as first registered
    bool account_disabled = false;  ///< then it must not be resumed
    access_history history;         ///< of the account
};

/// Why a session ends, where the server ends it.
enum class end_cause : std::uint8_t { logout, revoked, replaced, expired, token_exposed };

/// The cause as it is written in the journal and the log, such as "logout".
constexpr std::string_view name_of(end_cause cause) noexcept
{
    switch (cause) {
        case end_cause::logout:
            return "logout";
        case end_cause::revoked:
            return "revoked";
        case end_cause::replaced:
            return "replaced";
        case end_cause::expired:
            return "expired";
        case end_cause::token_exposed:
            return "token_exposed";
    }
    return "removed";
}

/// A session that has ended, as the journal reports it.
struct ended_session {
    session_id id = 0;         ///< of the session
    std::string account_name;  ///< empty: not known
    std::string cause;         ///< name_of(end_cause), or one of migrations/0006
};

/// The last use of a session.
struct session_activity {
    session_id id = 0;    ///< of the session
    timestamp at{};       ///< when it was used
    std::string address;  ///< empty: keep the recorded one
    std::string network;  ///< of the address, the unit of limits; empty if that is
};

/// Replaces a password that was just verified.
struct password_change {
    account_id account = 0;               ///< whose password it is
    std::int64_t credential_version = 0;  ///< of the verified credential
    std::string new_hash;                 ///< as written by crypto_pwhash_str
    session_id keep = 0;                  ///< the session that is not ended
    counted_attempt attempt;              ///< the attempt that succeeded
};

/// An invitation: its code registers accounts, also where registration is not open.
struct invitation {
    code_digest code{};       ///< of its code
    std::string folded_name;  ///< of the only account that it may register; empty: any
    std::uint32_t uses = 1;   ///< accounts that it may register
    timestamp expires_at{};   ///< from then on its code is invalid
};

/// A reset: its code gives the account another password, once.
struct password_reset {
    code_digest code{};      ///< of its code
    account_id account = 0;  ///< whose password it resets
    timestamp expires_at{};  ///< from then on its code is invalid
};

/// What a valid code is for.
struct access_code {
    std::optional<account_id> account;  ///< it resets the password of this account; none: it is an invitation
    std::string folded_name;            ///< of the only account that the invitation may register; empty: any
};

/// The second factor of an account, as it is stored.
struct second_factor {
    std::string sealed_secret;    ///< bytes that the server has encrypted
    std::int64_t last_step = 0;   ///< the latest time step whose code was accepted
    std::int64_t codes_left = 0;  ///< recovery codes that were not used
};

/// A second factor to add.
struct new_second_factor {
    account_id account = 0;                    ///< whose it is
    std::string sealed_secret;                 ///< bytes that the server has encrypted
    std::int64_t last_step = 0;                ///< the time step whose code has confirmed it
    std::vector<token_digest> recovery_codes;  ///< the digests of them, all different
    timestamp created_at{};                    ///< now
};

/// A network that an administrator has banned.
struct ban {
    std::string network;                  ///< an address or a range in CIDR notation, perhaps written by hand
    std::optional<timestamp> expires_at;  ///< from then on it is no ban any more; none: it never is
    bool is_silent = false;               ///< connections are closed without a message

    friend bool operator==(ban const&, ban const&) = default;
};

}  // namespace porter::store
