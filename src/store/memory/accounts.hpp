#pragma once

#include "porter/result.hpp"
#include "store/memory/tables.hpp"
#include "store/ports.hpp"

namespace porter::detail::store::memory {

class accounts final : public store::accounts {
public:
    explicit accounts(tables& data) : data_(data) {}

    task<result<std::optional<account>>> find(std::string folded_name) override;
    task<result<claimed_account>> find_claimed(std::string folded_name) override;
    task<result<claimed_account>> find_claimed(account_id id) override;
    task<result<void>> rehash(account_id id, std::string old_hash, std::string new_hash) override;
    task<result<void>> change_password(password_change change) override;

private:
    tables& data_;
};

}  // namespace porter::detail::store::memory
