#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/hash_cost.hpp"
#include "porter/error.hpp"
#include "store/limits.hpp"

namespace porter::detail::store {

/// Why a store operation did not happen. In every case nothing was changed.
enum class errc {
    unavailable,         ///< the store is down, locked by others for too long, or full: try again
    name_taken,          ///< an account with this folded name exists
    credential_changed,  ///< the password hash is no longer the one that was verified, or the account was disabled or
                         ///< deleted
    not_found,           ///< no such account or session
};

template <typename T>
using result = porter::result<T, errc>;

using account_id = std::int64_t;  ///< never used again once given; > 0
using session_id = std::int64_t;  ///< never used again once given; > 0

/// BLAKE2b-256 of a token: what is stored instead of it.
using token_digest = std::array<std::byte, 32>;

/// How the visitor's bytes came when the session was opened: a session opened over TLS is never resumed in the clear.
enum class transport : std::uint8_t { plain = 0, tls = 1 };

struct account {
    account_id id = 0;
    std::string name;                     ///< as first registered
    std::string folded_name;              ///< NFKC case-folded: what makes two names the same account
    std::string password_hash;            ///< as crypto_pwhash_str makes it
    std::int64_t credential_version = 1;  ///< rises with each changed password, not with a rehash
    base::timestamp created_at{};
    std::optional<base::timestamp> disabled_at;
    std::uint32_t failed_since = 0;  ///< failed password tries since the last login, from wherever
};

/// What a check of a password works with, all of one moment.
struct claimed_account {
    std::optional<store::account> account;    ///< none: there is no such account
    std::vector<base::hash_cost> hash_costs;  ///< of all stored hashes: the dearest computable ones, the dearest first
};

/// What the account's owner is shown at the next access, so that people notice what was not them.
struct access_history {
    std::optional<base::timestamp> last_login_at;  ///< the previous register or login; none: this is the first
    std::string last_address;                      ///< from where; empty when there was none
    std::uint32_t failed_since = 0;                ///< failed password tries since then
};

struct session {
    session_id id = 0;
    account_id account = 0;
    base::timestamp created_at{};
    base::timestamp last_used_at{};
    base::timestamp expires_at{};  ///< the absolute end
    std::string address;           ///< canonical address that opened or last resumed it
    store::transport transport = store::transport::plain;
};

/// Whether a session is over however it is used: its absolute end has come, or its beginning is none that our clock
/// could have given it.
inline bool is_past_its_end(session const& one, base::timestamp now)
{
    return one.expires_at <= now || one.created_at > now + clock_tolerance;
}

/// A try of a secret that was counted as failed before it was decided: what undoes it when it succeeds, or when it was
/// never decided.
struct counted_attempt {
    std::optional<account_id> account;  ///< on whose ladder it counts
    std::string network;                ///< that it came from
    bool is_known_network = false;      ///< it counts on the network's own counter
    std::int64_t entry = 0;             ///< its row in the book of the networks' failures; 0: it was never counted
    std::int64_t registration = 0;      ///< its row among the registrations; 0: it asks for no account, or uncounted
    base::instant at{};
    base::instant last_before{};                           ///< of the counter, before this try
    std::optional<base::timestamp> last_failed_at_before;  ///< of the account, before this try
};

struct new_session {
    account_id account = 0;
    std::int64_t credential_version = 0;  ///< that of the credential that was verified
    counted_attempt attempt;              ///< the try that succeeded
    token_digest digest{};
    base::timestamp created_at{};
    base::timestamp expires_at{};
    std::string address;  ///< canonical
    std::string network;  ///< that limits count the address by
    store::transport transport = store::transport::plain;
    std::uint32_t max_sessions = 16;  ///< sessions an account may have; the oldest beyond it end
};

struct opened_session {
    session_id id = 0;
    account_id account = 0;
    access_history before;  ///< as it was before this opening
};

/// A session found by its token's digest, together with the account that it belongs to.
struct found_session {
    store::session session;
    std::string account_name;
    bool account_disabled = false;
    access_history history;
};

/// Why the server ends a session.
enum class end_cause : std::uint8_t { logout, revoked, replaced, expired, token_exposed };

/// A cause as the journal and the log have it: "logout".
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

/// A session that has ended.
struct ended_session {
    session_id id = 0;
    std::string account_name;  ///< empty: not known
    std::string cause;         ///< that of an end_cause, or another word: see migrations/0006_why_sessions_ended.sql
};

struct session_activity {
    session_id id = 0;
    base::timestamp at{};
    std::string address;  ///< empty: leave the recorded one
    std::string network;  ///< that limits count the address by; empty as the address is
};

/// A password that was proved is to be another one.
struct password_change {
    account_id account = 0;
    std::int64_t credential_version = 0;  ///< that of the credential that was verified
    std::string new_hash;
    session_id keep = 0;      ///< the session that stays
    counted_attempt attempt;  ///< the try that succeeded
};

}  // namespace porter::detail::store
