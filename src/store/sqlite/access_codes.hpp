#pragma once

#include "porter/result.hpp"
#include "store/ports.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/job_queue.hpp"

namespace porter::detail::store::sqlite {

/// Deletes the rows of codes that have expired or are spent, within a transaction of the caller. May throw error.
void prune_access_codes(database& db, base::timestamp now);

class access_codes final : public store::access_codes {
public:
    access_codes(job_queue& read_queue, job_queue& write_queue) : read_queue_(read_queue), write_queue_(write_queue) {}

    task<result<std::optional<access_code>>> find(code_digest code, base::timestamp now) override;
    task<result<opened_session>> register_invited(code_digest code, account owner, new_session first) override;
    task<result<opened_session>> reset_password(code_digest code, std::string new_hash, new_session record) override;

private:
    job_queue& read_queue_;
    job_queue& write_queue_;
};

}  // namespace porter::detail::store::sqlite
