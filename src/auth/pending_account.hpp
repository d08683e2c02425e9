#pragma once

#include <string>
#include <utility>

#include "store/records.hpp"

namespace porter::detail::auth {

/// Somebody who may have an account: the name and the password keep the rules, and the password is hashed. Only the
/// verifier makes one; the account itself comes to be together with its first session, so that neither is without the
/// other.
class pending_account {
public:
    std::string const& name() const noexcept { return account_.name; }
    /// The account to add; the store gives it its id.
    store::account const& account() const noexcept { return account_; }
    /// The asking for a name, which counts as a failed try until the account is there.
    store::counted_attempt const& attempt() const noexcept { return attempt_; }

private:
    friend class verifier;
    pending_account(store::account fresh, store::counted_attempt by)
        : account_(std::move(fresh)), attempt_(std::move(by))
    {}

    store::account account_;
    store::counted_attempt attempt_;
};

}  // namespace porter::detail::auth
