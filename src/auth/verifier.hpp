#pragma once

#include <optional>
#include <string>

#include "auth/hasher.hpp"
#include "auth/password.hpp"
#include "auth/password_proof.hpp"
#include "auth/pending_account.hpp"
#include "auth/principal.hpp"
#include "auth/throttle.hpp"
#include "base/clock.hpp"
#include "base/published.hpp"
#include "base/secret.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/access.hpp"
#include "porter/result.hpp"
#include "store/ports.hpp"

namespace porter::detail::auth {

struct options {
    registration_mode registration = registration_mode::open;
    std::size_t min_password_length = 8;  ///< code points after NFC
};

/// What a registration is checked for without a hash: an account without one, and its password, normalised.
struct acceptable_account {
    store::account account;
    base::secret password;
};

/// Verifies names and passwords. Unknown and invalid names, wrong passwords and disabled accounts cause the same work
/// (one hash of each cost in use) and the same error, bad_credentials. A fault of the server (unavailable, busy) never
/// looks like it.
class verifier {
public:
    verifier(store::accounts& accounts, hasher& hashing, auth::throttle& throttle, base::clock const& clock,
             log::logger& log, options options);

    /// Replaces the options, for later requests. From any thread.
    void set_options(options next) { options_.publish(next); }

    /// Checks a registration; the registry of sessions adds the account. Errors, checked in this order:
    /// registration_closed, invalid_name, weak_password (length and characters), throttled, weak_password (strength),
    /// name_taken, which counts as a failed attempt; busy, unavailable.
    task<result<pending_account>> register_account(std::string name, base::secret password, identity::address from);

    /// Checks the name and the password of a new account, but not how strong the password is. Errors: invalid_name,
    /// weak_password.
    result<acceptable_account> check_new_account(std::string const& name, base::secret const& password) const;

    /// The hash of the password of a new account, whose attempt was counted. Errors: weak_password, name_taken, busy,
    /// unavailable.
    task<result<std::string>> hash_initial(base::secret accepted, store::account const& account,
                                           identity::address const& from);

    /// The hash of another password of an account, by its name. Errors: weak_password, busy.
    task<result<std::string>> hash_next(base::secret const& password, std::string name, identity::address const& from,
                                        source origin);

    /// Verifies a password. Errors: bad_credentials (counted, whether the account exists or not); second_factor (the
    /// password is right, and the account has one: not counted, and `proof` is set if it is not null); throttled, busy,
    /// unavailable. If the password is right, replaces a hash with other parameters than the current ones; an error in
    /// that does not fail the login.
    task<result<principal>> login(std::string name, base::secret password, identity::address from,
                                  std::optional<password_proof>* proof = nullptr);

    /// Undoes the attempt of a login or registration that is not used.
    task<void> rollback(principal const& unused);
    task<void> rollback(pending_account const& unused);

    /// Changes a password after verifying the current one, and ends every session of the account except `keep`. Errors:
    /// bad_credentials (counted like a login), weak_password; throttled, busy, unavailable.
    task<result<void>> change_password(store::account_id account, base::secret current_password,
                                       base::secret new_password, store::session_id keep, identity::address from);

private:
    /// Verifies a password, with the same work whether the account exists, and returns the attempt. `name`: the claimed
    /// one, folded. Logs a failure. Errors: bad_credentials, throttled, busy, unavailable.
    task<result<store::counted_attempt>> verify(store::claimed_account const& claim, std::string name,
                                                base::secret const& password, identity::address const& from);
    task<void> rehash(store::account const& account, base::secret const& password, identity::address const& from,
                      source origin);

    store::accounts& accounts_;
    hasher& hasher_;
    throttle& throttle_;
    base::clock const& clock_;
    log::logger& log_;
    base::published<options> options_;
};

}  // namespace porter::detail::auth
