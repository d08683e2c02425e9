#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "store/administration_rows.hpp"
#include "store/records.hpp"

/// Everything that a store keeps, row by row, to be moved to another store. A row has secrets: hashes and digests.
namespace porter::detail::store {

/// An account with its password.
struct content_account {
    account_id id = 0;
    std::string name;
    std::string folded_name;
    std::string password_hash;
    std::int64_t credential_version = 1;
    std::int64_t rehash_count = 0;
    base::timestamp created_at{};
    std::optional<base::timestamp> disabled_at;
    std::optional<base::timestamp> last_login_at;
    std::string last_address;
    std::int64_t failed_since = 0;
    std::optional<base::timestamp> last_failed_at;
    std::int64_t attempt_count = 0;
};

/// A session with the digest of its token.
struct content_session {
    store::session session;
    token_digest digest{};
    std::int64_t credential_version = 1;
    access_history before;
};

/// An address and its name.
struct content_address {
    std::string address;
    std::string network;
    std::string site;
    std::string name;
    std::optional<account_id> account;
    base::timestamp first_seen_at{};
    base::timestamp last_seen_at{};
};

/// A network that an account was accessed from.
struct content_network {
    account_id account = 0;
    std::string network;
    base::timestamp first_seen_at{};
    base::timestamp last_seen_at{};
};

/// A failure counter of an account.
struct content_counter {
    account_id account = 0;
    std::string network;
    std::int64_t failed = 0;
    base::instant last_failed_at{};
};

/// A failed or pending attempt of a network. What follows is_pending is of a pending one.
struct content_attempt {
    attempt_id id = 0;  ///< 0: it needs none
    std::string network;
    base::instant at{};
    bool is_pending = false;
    std::optional<account_id> account;
    std::string counter_network;
    base::instant last_before{};
    std::optional<base::timestamp> last_failed_at_before;
};

/// A registration of the last hour.
struct content_registration {
    attempt_id attempt = 0;  ///< the pending attempt; 0: decided
    std::string network;
    std::string site;
    base::timestamp registered_at{};
};

/// An invitation with the digest of its code.
struct content_invitation {
    invitation_row invitation;
    std::string folded_name;
    code_digest code{};
};

/// A reset with the digest of its code.
struct content_reset {
    account_id account = 0;
    code_digest code{};
    base::timestamp created_at{};
    base::timestamp expires_at{};
};

/// The second factor of an account.
struct content_second_factor {
    account_id account = 0;
    std::string sealed_secret;  ///< in hexadecimal digits
    std::int64_t last_step = 0;
    attempt_id last_use = 0;
    base::timestamp created_at{};
};

/// A recovery code of a second factor.
struct content_recovery_code {
    account_id account = 0;
    token_digest digest{};
    std::optional<attempt_id> used_by;
    std::optional<base::timestamp> used_at;
};

/// The numbers of rows.
struct content_counts {
    std::uint64_t accounts = 0;
    std::uint64_t sessions = 0;
    std::uint64_t addresses = 0;
    std::uint64_t networks = 0;
    std::uint64_t counters = 0;
    std::uint64_t attempts = 0;
    std::uint64_t registrations = 0;
    std::uint64_t bans = 0;
    std::uint64_t invitations = 0;
    std::uint64_t resets = 0;
    std::uint64_t second_factors = 0;
    std::uint64_t recovery_codes = 0;

    friend bool operator==(content_counts const&, content_counts const&) = default;
};

/// The highest ids that were used; no row has a higher one.
struct used_ids {
    account_id account = 0;
    session_id session = 0;
    std::int64_t invitation = 0;
};

/// The content of a store that no program changes while this object lives.
///
/// Errors: every operation may throw administration_error or start_error, which names the store.
///
/// Threads: one at a time. Operations block.
///
/// Cancellation: none. What a callback throws ends the operation.
class content {
public:
    virtual ~content() = default;

    virtual content_counts counts() = 0;
    virtual used_ids last_ids() = 0;

    ///@{
    /// Calls `receive`, which does not use this object, for each row.
    virtual void read_accounts(std::function<void(content_account const&)> const& receive) = 0;
    virtual void read_sessions(std::function<void(content_session const&)> const& receive) = 0;
    virtual void read_addresses(std::function<void(content_address const&)> const& receive) = 0;
    virtual void read_networks(std::function<void(content_network const&)> const& receive) = 0;
    virtual void read_counters(std::function<void(content_counter const&)> const& receive) = 0;
    virtual void read_attempts(std::function<void(content_attempt const&)> const& receive) = 0;
    virtual void read_registrations(std::function<void(content_registration const&)> const& receive) = 0;
    virtual void read_bans(std::function<void(ban_row const&)> const& receive) = 0;
    virtual void read_invitations(std::function<void(content_invitation const&)> const& receive) = 0;
    virtual void read_resets(std::function<void(content_reset const&)> const& receive) = 0;
    virtual void read_second_factors(std::function<void(content_second_factor const&)> const& receive) = 0;
    virtual void read_recovery_codes(std::function<void(content_recovery_code const&)> const& receive) = 0;
    ///@}
};

}  // namespace porter::detail::store
