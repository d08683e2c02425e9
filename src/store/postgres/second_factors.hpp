#pragma once

#include "porter/result.hpp"
#include "store/ports.hpp"
#include "store/postgres/resolving.hpp"

namespace porter::detail::store::postgres {

/// A removal has no undoing, because the secret is gone: when the database was lost for longer than
/// options.resolve_patience, it may have been made although it is unavailable.
class second_factors final : public store::second_factors {
public:
    /// `by` outlives it.
    explicit second_factors(resolver& by) : resolver_(by) {}

    task<result<std::optional<second_factor>>> find(account_id account) override;
    task<result<void>> add(new_second_factor record) override;
    task<result<void>> use_step(account_id account, std::int64_t step, attempt_id use) override;
    task<result<void>> use_recovery_code(account_id account, token_digest digest, attempt_id use,
                                         base::timestamp at) override;
    task<result<void>> remove(account_id account) override;

private:
    resolver& resolver_;
};

}  // namespace porter::detail::store::postgres
