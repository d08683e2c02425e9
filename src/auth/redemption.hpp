#pragma once

#include <utility>

#include "auth/pending_reset.hpp"
#include "store/records.hpp"

namespace porter::detail::auth {

/// A valid code with a name and a password that passed the checks of it, and the password hashed; of a reset also the
/// second factor, if the account has one. Only the redeemer and second_factors construct one; the registry of sessions
/// spends the code.
class redemption {
public:
    /// The digest of the code.
    store::code_digest const& code() const noexcept { return code_; }
    /// Whether the code resets the password of an account. Otherwise it registers one.
    bool is_reset() const noexcept { return account_.id != 0; }
    /// The account with the new hash: the one to add, without an id, or the one whose password is reset.
    store::account const& account() const noexcept { return account_; }
    /// Whether the account had a second factor, which was proved.
    bool is_second_factor_proved() const noexcept { return is_second_factor_proved_; }
    /// The attempt at the code, or at that of the second factor. It counts as failed until the code is spent.
    store::counted_attempt const& attempt() const noexcept { return attempt_; }

private:
    friend class redeemer;
    friend class second_factors;
    redemption(pending_reset const& proved, store::counted_attempt attempt)
        : code_(proved.code()), account_(proved.account()), is_second_factor_proved_(true), attempt_(std::move(attempt))
    {}
    redemption(store::code_digest const& code, store::account account, store::counted_attempt attempt)
        : code_(code), account_(std::move(account)), attempt_(std::move(attempt))
    {}

    store::code_digest code_;
    store::account account_;
    bool is_second_factor_proved_ = false;
    store::counted_attempt attempt_;
};

}  // namespace porter::detail::auth
