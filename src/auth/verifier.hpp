#pragma once

#include <optional>
#include <string>

#include "auth/hasher.hpp"
#include "auth/password.hpp"
#include "auth/pending_account.hpp"
#include "auth/principal.hpp"
#include "auth/throttle.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/error.hpp"
#include "store/ports.hpp"

namespace porter::detail::auth {

struct options {
    bool registration_open = true;
    std::size_t min_password_length = 8;  ///< code points after NFC
};

/// Checks who somebody is by name and password. Unknown and impossible names, wrong passwords and disabled accounts
/// do the same work (one hash of each cost in use) and get one answer: bad_credentials. A fault of ours (unavailable,
/// busy) never looks like one of theirs.
class verifier {
public:
    verifier(store::accounts& accounts, hasher& hashing, auth::throttle& throttle, base::clock const& clock,
             log::logger& log, options rules);

    /// Judges whether somebody may have an account; the sessions' registry makes it. Errors, judged in this order:
    /// registration_closed, invalid_name, weak_password (its length and characters), throttled, weak_password (that it
    /// can be guessed), name_taken; busy, unavailable. To hear that a name is taken counts as a failed try.
    task<result<pending_account>> register_account(std::string name, base::secret password, identity::address from);

    /// Errors: bad_credentials (counted, whether there is such an account or not); throttled, busy, unavailable. After
    /// a good login a hash with weaker parameters than today's is replaced; a failure to do so does not fail the login.
    task<result<principal>> login(std::string name, base::secret password, identity::address from);

    /// Says that what was proved, or granted to a newcomer, is not used after all: the attempt counts for nothing, as
    /// if it had not been made.
    task<void> roll_back(principal const& unused);
    task<void> roll_back(pending_account const& unused);

    /// Changes a password by its current one and ends every other session of the account. Errors: bad_credentials
    /// (counted like a login's), weak_password; throttled, busy, unavailable.
    task<result<void>> change_password(store::account_id account, base::secret current, base::secret fresh,
                                       store::session_id keep, identity::address from);

private:
    /// Whether the password is the account's, by the same hashes whatever is asked, and the counted try that says so.
    /// `name`: the claimed one, folded. Logs what fails. Errors: bad_credentials, throttled, busy, unavailable.
    task<result<attempt>> verify(store::claimed_account const& claim, std::string name, base::secret const& password,
                                 identity::address const& from);
    /// The hash of the first password of an account that is to be. Errors: weak_password, name_taken, busy,
    /// unavailable.
    task<result<std::string>> hash_initial(base::secret accepted, store::account const& fresh,
                                           identity::address const& from);
    /// The hash of a new password of an account that proved the old one. Errors: weak_password, busy.
    task<result<std::string>> hash_next(base::secret const& typed, std::string name, identity::address const& from,
                                        source who);
    task<void> rehash(store::account const& proved, base::secret const& password, identity::address const& from,
                      source who);

    store::accounts& accounts_;
    hasher& hasher_;
    throttle& throttle_;
    base::clock const& clock_;
    log::logger& log_;
    bool registration_open_;
    password_policy policy_;
};

}  // namespace porter::detail::auth
