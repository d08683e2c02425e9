#pragma once

#include "porter/result.hpp"
#include "store/ports.hpp"
#include "store/postgres/resolving.hpp"

namespace porter::detail::store::postgres {

/// Redeems codes by the segments of opening.hpp. As with accounts, a reset has no undoing but the end of its session:
/// when the database was lost for longer than options.resolve_patience, the password may have been set, and the code
/// spent, although it is unavailable.
class access_codes final : public store::access_codes {
public:
    /// `by` outlives it.
    explicit access_codes(resolver& by) : resolver_(by) {}

    task<result<std::optional<access_code>>> find(code_digest code, base::timestamp now) override;
    task<result<opened_session>> register_invited(code_digest code, account owner, new_session first) override;
    task<result<opened_session>> reset_password(code_digest code, std::string new_hash, new_session record) override;

private:
    resolver& resolver_;
};

/// Deletes the rows of codes that have expired or are spent.
task<result<void>> prune_access_codes(resolver& by, base::timestamp now);

}  // namespace porter::detail::store::postgres
