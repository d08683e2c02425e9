#pragma once

#include <optional>
#include <string>

#include "auth/hasher.hpp"
#include "auth/newcomer.hpp"
#include "auth/password.hpp"
#include "auth/principal.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/error.hpp"
#include "store/ports.hpp"

namespace porter::rooms::auth {

struct options {
    bool registration_open = true;
    std::size_t min_password_length = 8;  ///< code points after NFC
};

/// Checks who somebody is by name and password. Unknown and impossible names, wrong passwords and disabled accounts
/// do the same work (exactly one hash) and get one answer: bad_credentials. A fault of ours (unavailable, busy) never
/// looks like one of theirs.
class verifier {
public:
    verifier(store::accounts& accounts, hasher& hashing, base::clock const& clock, log::logger& log, options rules);

    /// Judges whether somebody may have an account; the sessions' registry makes it. Errors, judged in this order:
    /// registration_closed, invalid_name, weak_password, name_taken; busy, unavailable.
    task<result<newcomer>> register_account(std::string name, base::secret password, identity::address from);

    /// Errors: bad_credentials; throttled, busy, unavailable. Counts a failed try of an existing account. After a good
    /// login a hash with weaker parameters than today's is replaced; a failure to do so does not fail the login.
    task<result<principal>> login(std::string name, base::secret password, identity::address from);

    /// Changes a password by its current one and ends every other session of the account. Errors: bad_credentials
    /// (counted like a login's), weak_password; throttled, busy, unavailable.
    task<result<void>> change_password(store::account_id account, base::secret current, base::secret fresh,
                                       store::session_id keep, identity::address from);

private:
    /// Whether the password is the account's, by exactly one hash whatever is asked; logs and counts a failed try.
    /// Errors: bad_credentials, busy, unavailable.
    task<result<void>> prove(std::optional<store::account> const& claimed, base::secret const& password,
                             identity::address const& from);
    task<void> strengthen(store::account const& proved, base::secret const& password, identity::address const& from);

    store::accounts& accounts_;
    hasher& hasher_;
    base::clock const& clock_;
    log::logger& log_;
    bool registration_open_;
    password_policy policy_;
};

}  // namespace porter::rooms::auth
