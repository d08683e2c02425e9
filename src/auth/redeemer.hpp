#pragma once

#include <optional>
#include <string>

#include "auth/pending_reset.hpp"
#include "auth/redemption.hpp"
#include "auth/throttle.hpp"
#include "auth/verifier.hpp"
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/result.hpp"
#include "store/ports.hpp"

namespace porter::detail::auth {

/// Checks codes of invitations and resets, with the name and the password that come with them. Safe from any I/O
/// thread.
///
/// An attempt is decided on and counted before the code is looked up, as at a password, so that concurrent ones gain
/// nothing. It costs a hash only if the code is valid.
class redeemer {
public:
    /// All arguments outlive this object. `codes`: null if the store keeps no codes; then none is valid.
    redeemer(store::access_codes* codes, store::accounts& accounts, verifier& rules, auth::throttle& throttle,
             base::clock const& clock, log::logger& log);

    /// Checks a code; the registry of sessions spends it. Errors, checked in this order: throttled, busy; invalid_code
    /// (unknown, spent, expired, or for another name), counted; then of an invitation invalid_name, weak_password and
    /// name_taken, counted, as of a registration; of a reset bad_credentials (the account is disabled), counted,
    /// weak_password, and second_factor (all is right, and the account has one: not counted, and `pending` is set if it
    /// is not null); busy, unavailable.
    task<result<redemption>> redeem(base::secret code, std::string name, base::secret password, identity::address from,
                                    std::optional<pending_reset>* pending = nullptr);

    /// Undoes the attempt of a redemption that is not used.
    task<void> rollback(redemption const& unused);

private:
    /// The valid code with this digest. Errors: invalid_code, unavailable.
    task<result<store::access_code>> find(std::optional<store::code_digest> digest);
    /// The account to add, with the hash of its password.
    task<result<store::account>> check_invitation(store::access_code const& invited, std::string const& name,
                                                  base::secret const& password, identity::address const& from);
    /// The account whose password is reset, with the hash of the new one.
    task<result<store::account>> check_reset(store::access_code const& reset, std::string const& name,
                                             base::secret const& password, identity::address const& from);

    store::access_codes* codes_;
    store::accounts& accounts_;
    verifier& verifier_;
    throttle& throttle_;
    base::clock const& clock_;
    log::logger& log_;
};

}  // namespace porter::detail::auth
