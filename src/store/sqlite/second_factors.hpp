#pragma once

#include "porter/result.hpp"
#include "store/ports.hpp"
#include "store/sqlite/job_queue.hpp"

namespace porter::detail::store::sqlite {

class second_factors final : public store::second_factors {
public:
    second_factors(job_queue& read_queue, job_queue& write_queue) : read_queue_(read_queue), write_queue_(write_queue)
    {}

    task<result<std::optional<second_factor>>> find(account_id account) override;
    task<result<void>> add(new_second_factor record) override;
    task<result<void>> use_step(account_id account, std::int64_t step, attempt_id use) override;
    task<result<void>> use_recovery_code(account_id account, token_digest digest, attempt_id use,
                                         base::timestamp at) override;
    task<result<void>> remove(account_id account) override;

private:
    job_queue& read_queue_;
    job_queue& write_queue_;
};

}  // namespace porter::detail::store::sqlite
