#pragma once

#include <cstdint>
#include <string>

#include "store/records.hpp"

namespace porter::detail::auth {

/// An account with a second factor whose password was just verified, which is not enough to open a session. Only the
/// verifier constructs one; second_factors::prove() makes a principal of it.
class password_proof {
public:
    store::account_id account() const noexcept { return account_; }
    std::string const& name() const noexcept { return name_; }
    /// The version of the verified credential.
    std::int64_t credential_version() const noexcept { return credential_version_; }

private:
    friend class verifier;
    explicit password_proof(store::account const& account)
        : account_(account.id), name_(account.name), credential_version_(account.credential_version)
    {}

    store::account_id account_;
    std::string name_;
    std::int64_t credential_version_;
};

}  // namespace porter::detail::auth
