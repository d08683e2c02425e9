#pragma once

#include <string>
#include <utility>

#include "store/records.hpp"

namespace porter::rooms::auth {

/// Somebody who may have an account: the name and the password keep the rules, and the password is hashed. Only the
/// verifier makes one; the account itself comes to be together with its first session, so that neither is without the
/// other.
class newcomer {
public:
    std::string const& name() const noexcept { return account_.name; }
    /// The account to add; the store gives it its id.
    store::account const& account() const noexcept { return account_; }

private:
    friend class verifier;
    explicit newcomer(store::account fresh) : account_(std::move(fresh)) {}

    store::account account_;
};

}  // namespace porter::rooms::auth
