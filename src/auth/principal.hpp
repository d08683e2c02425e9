#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "auth/password_proof.hpp"
#include "store/records.hpp"

namespace porter::detail::auth {

/// An account whose password was just verified, and its second factor, if it has one. Only the verifier and
/// second_factors construct one, so a function with a principal parameter cannot be called without that.
class principal {
public:
    store::account_id account() const noexcept { return account_; }
    std::string const& name() const noexcept { return name_; }
    /// The version of the verified credential; a session opened with it ends with it.
    std::int64_t credential_version() const noexcept { return credential_version_; }
    /// Whether the account had a second factor, which was proved.
    bool is_second_factor_proved() const noexcept { return is_second_factor_proved_; }
    /// The attempt that succeeded; still counted as failed until the store records its use.
    store::counted_attempt const& attempt() const noexcept { return attempt_; }

private:
    friend class second_factors;
    friend class verifier;
    principal(password_proof const& proof, store::counted_attempt attempt)
        : account_(proof.account()),
          name_(proof.name()),
          credential_version_(proof.credential_version()),
          is_second_factor_proved_(true),
          attempt_(std::move(attempt))
    {}
    principal(store::account const& account, store::counted_attempt attempt)
        : account_(account.id),
          name_(account.name),
          credential_version_(account.credential_version),
          attempt_(std::move(attempt))
    {}

    store::account_id account_;
    std::string name_;
    std::int64_t credential_version_;
    bool is_second_factor_proved_ = false;
    store::counted_attempt attempt_;
};

}  // namespace porter::detail::auth
