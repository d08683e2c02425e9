#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "store/records.hpp"

namespace porter::detail::sessions {

/// An open session of one account, named by a token. Only the registry constructs one.
class session {
public:
    store::session_id id() const noexcept { return id_; }
    store::account_id account() const noexcept { return account_; }
    std::string const& name() const noexcept { return name_; }
    base::timestamp expires_at() const noexcept { return expires_at_; }  ///< however much it is used
    store::access_history const& history() const noexcept { return history_; }
    /// The token of a session that was just opened, to be sent once; empty when the session was resumed.
    base::secret const& token() const noexcept { return token_; }

private:
    friend class registry;
    session() = default;

    store::session_id id_ = 0;
    store::account_id account_ = 0;
    std::string name_;
    base::timestamp expires_at_{};
    store::access_history history_;
    base::secret token_;
};

}  // namespace porter::detail::sessions
