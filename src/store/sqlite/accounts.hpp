#pragma once

#include "store/ports.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/job_queue.hpp"

namespace porter::detail::store::sqlite {

/// Adds an account, within a transaction of the caller: ignores `id`, `credential_version` and `failed_since` of
/// `fresh` and returns the account as stored. Errors: name_taken. May throw error.
result<account> add_account(database& db, account const& fresh);

class accounts final : public store::accounts {
public:
    accounts(job_queue& look_ups, job_queue& writes) : reader_(look_ups), writes_(writes) {}

    task<result<std::optional<account>>> find(std::string folded_name) override;
    task<result<claimed_account>> find_claimed(std::string folded_name) override;
    task<result<claimed_account>> find_claimed(account_id id) override;
    task<result<void>> rehash(account_id id, std::string old_hash, std::string new_hash) override;
    task<result<void>> change_password(password_change asked) override;

private:
    job_queue& reader_;
    job_queue& writes_;
};

}  // namespace porter::detail::store::sqlite
