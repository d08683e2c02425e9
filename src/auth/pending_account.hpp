#pragma once

#include <string>
#include <utility>

#include "store/records.hpp"

namespace porter::detail::auth {

/// An account that passed the checks of a registration, with the password hashed. Only the verifier constructs one; the
/// registry adds the account together with its first session.
class pending_account {
public:
    std::string const& name() const noexcept { return account_.name; }
    /// The account to add, without an id.
    store::account const& account() const noexcept { return account_; }
    /// The registration as an attempt, which counts as failed until the account is added.
    store::counted_attempt const& attempt() const noexcept { return attempt_; }

private:
    friend class verifier;
    pending_account(store::account account, store::counted_attempt attempt)
        : account_(std::move(account)), attempt_(std::move(attempt))
    {}

    store::account account_;
    store::counted_attempt attempt_;
};

}  // namespace porter::detail::auth
