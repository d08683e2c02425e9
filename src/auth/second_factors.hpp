#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "auth/password_proof.hpp"
#include "auth/pending_reset.hpp"
#include "auth/principal.hpp"
#include "auth/redemption.hpp"
#include "auth/secret_box.hpp"
#include "auth/throttle.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/result.hpp"
#include "store/ports.hpp"

namespace porter::detail::auth {

/// Second factors of accounts: checks one-time codes and recovery codes, and adds and removes second factors. A code is
/// accepted once, which the store decides. A wrong one counts as a failure of its account and network, as a wrong
/// password does. A fault of the server (unavailable) never looks like a wrong code. Safe from any I/O thread.
class second_factors {
public:
    second_factors(store::second_factors& store, throttle& throttle, secret_box box, base::clock const& clock,
                   log::logger& log);

    /// An account with a session.
    struct owner {
        store::account_id account;
        std::string name;
    };

    /// What an enrolment begins with.
    struct enrolment {
        base::secret secret;  ///< for confirm()
        base::secret uri;     ///< for an authenticator; contains the secret
    };

    /// Ends a login. Errors: bad_credentials (counted); throttled, busy, unavailable.
    task<result<principal>> prove(password_proof proof, base::secret code, identity::address from);

    /// Completes the check of a reset. The code of the second factor is used then, also if that of the reset turns out
    /// to be spent. Errors: as of a login.
    task<result<redemption>> prove(pending_reset reset, base::secret code, identity::address from);

    /// A new secret, which is not stored yet. Errors: second_factor (the account has one already), unavailable.
    task<result<enrolment>> begin(owner of);

    /// Adds the second factor with this secret if the code is right, and returns its recovery codes. Errors:
    /// bad_credentials (not counted: the client knows the secret), second_factor (the account has one already),
    /// unavailable.
    task<result<std::vector<base::secret>>> confirm(owner of, base::secret secret, base::secret code,
                                                    identity::address from);

    /// Removes the second factor. Errors: bad_credentials (counted), not_found (there is none), throttled, busy,
    /// unavailable.
    task<result<void>> remove(owner of, base::secret code, identity::address from);

private:
    enum class check_result : std::uint8_t { accepted, wrong_code, used_code };
    /// What a code is required for. A denial is logged as that of a login or, of a reset, as that of its redeem.
    enum class purpose : std::uint8_t { login, reset, removal };

    /// Begins an attempt and uses the code. The attempt is still pending. Errors: as of prove().
    task<result<store::counted_attempt>> check(owner of, base::secret code, identity::address from,
                                               purpose required_for);
    /// Errors: unavailable.
    task<result<check_result>> use(owner of, base::secret code, store::attempt_id use);
    task<result<check_result>> use_one_time_code(owner of, std::string digits, store::attempt_id use);
    task<result<check_result>> use_recovery_code(owner of, store::token_digest digest, store::attempt_id use);

    store::second_factors& store_;
    throttle& throttle_;
    secret_box const box_;
    base::clock const& clock_;
    log::logger& log_;
};

}  // namespace porter::detail::auth
