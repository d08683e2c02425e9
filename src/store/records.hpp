#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "porter/error.hpp"

namespace porter::rooms::store {

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
    std::uint32_t failed_since = 0;  ///< failed password tries in a row, so that a restart forgets none
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

struct new_session {
    account_id account = 0;
    std::int64_t credential_version = 0;  ///< that of the credential that was verified
    token_digest digest{};
    base::timestamp created_at{};
    base::timestamp expires_at{};
    std::string address;  ///< canonical
    store::transport transport = store::transport::plain;
    std::uint32_t keep = 16;  ///< sessions an account may have; the oldest beyond it end
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

struct session_use {
    session_id id = 0;
    base::timestamp at{};
    std::string address;  ///< empty: leave the recorded one
};

}  // namespace porter::rooms::store
