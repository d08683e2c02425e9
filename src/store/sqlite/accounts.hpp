#pragma once

#include "porter/result.hpp"
#include "store/ports.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/job_queue.hpp"

namespace porter::detail::store::sqlite {

/// Adds an account, within a transaction of the caller: ignores `id`, `credential_version` and `failed_since` of
/// `record` and returns the account as stored. Errors: name_taken. May throw error.
result<account> add_account(database& db, account const& record);

class accounts final : public store::accounts {
public:
    accounts(job_queue& read_queue, job_queue& write_queue) : read_queue_(read_queue), write_queue_(write_queue) {}

    task<result<std::optional<account>>> find(std::string folded_name) override;
    task<result<claimed_account>> find_claimed(std::string folded_name) override;
    task<result<claimed_account>> find_claimed(account_id id) override;
    task<result<void>> rehash(account_id id, std::string old_hash, std::string new_hash) override;
    task<result<void>> change_password(password_change change) override;

private:
    job_queue& read_queue_;
    job_queue& write_queue_;
};

}  // namespace porter::detail::store::sqlite
