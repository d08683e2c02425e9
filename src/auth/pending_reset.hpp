#pragma once

#include <utility>

#include "store/records.hpp"

namespace porter::detail::auth {

/// A reset whose code, name and password passed the checks. Its account has a second factor, so this is not enough to
/// redeem it, and nothing is spent. Only the redeemer constructs one; second_factors::prove() makes a redemption of it.
class pending_reset {
public:
    /// The digest of the code.
    store::code_digest const& code() const noexcept { return code_; }
    /// The account with the new hash.
    store::account const& account() const noexcept { return account_; }

private:
    friend class redeemer;
    pending_reset(store::code_digest const& code, store::account account) : code_(code), account_(std::move(account)) {}

    store::code_digest code_;
    store::account account_;
};

}  // namespace porter::detail::auth
