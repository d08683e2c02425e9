#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "store/records.hpp"

namespace porter::detail::auth {

/// An account that proved itself by its password just now. Only the verifier makes one: a function that wants a
/// principal cannot be called for a stranger.
class principal {
public:
    store::account_id account() const noexcept { return account_; }
    std::string const& name() const noexcept { return name_; }
    /// The version of the credential that was verified: a session opened with it dies with it.
    std::int64_t credential_version() const noexcept { return credential_version_; }
    /// The try that succeeded: still counted, until what it was for has happened.
    store::counted_attempt const& attempt() const noexcept { return attempt_; }

private:
    friend class verifier;
    principal(store::account const& proved, store::counted_attempt by)
        : account_(proved.id),
          name_(proved.name),
          credential_version_(proved.credential_version),
          attempt_(std::move(by))
    {}

    store::account_id account_;
    std::string name_;
    std::int64_t credential_version_;
    store::counted_attempt attempt_;
};

}  // namespace porter::detail::auth
