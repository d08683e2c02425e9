#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "store/records.hpp"

namespace porter::detail::auth {

/// An account whose password was just verified. Only the verifier constructs one, so a function with a principal
/// parameter cannot be called without a verified password.
class principal {
public:
    store::account_id account() const noexcept { return account_; }
    std::string const& name() const noexcept { return name_; }
    /// The version of the verified credential; a session opened with it ends with it.
    std::int64_t credential_version() const noexcept { return credential_version_; }
    /// The attempt that succeeded; still counted as failed until the store records its use.
    store::counted_attempt const& attempt() const noexcept { return attempt_; }

private:
    friend class verifier;
    principal(store::account const& account, store::counted_attempt attempt)
        : account_(account.id),
          name_(account.name),
          credential_version_(account.credential_version),
          attempt_(std::move(attempt))
    {}

    store::account_id account_;
    std::string name_;
    std::int64_t credential_version_;
    store::counted_attempt attempt_;
};

}  // namespace porter::detail::auth
