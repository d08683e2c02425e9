#pragma once

#include "porter/result.hpp"
#include "store/memory/tables.hpp"
#include "store/ports.hpp"

namespace porter::detail::store::memory {

class second_factors final : public store::second_factors {
public:
    explicit second_factors(tables& data) : data_(data) {}

    task<result<std::optional<second_factor>>> find(account_id account) override;
    task<result<void>> add(new_second_factor record) override;
    task<result<void>> use_step(account_id account, std::int64_t step, attempt_id use) override;
    task<result<void>> use_recovery_code(account_id account, token_digest digest, attempt_id use,
                                         base::timestamp at) override;
    task<result<void>> remove(account_id account) override;

private:
    tables& data_;
};

}  // namespace porter::detail::store::memory
