#pragma once

#include "porter/result.hpp"
#include "store/ports.hpp"
#include "store/postgres/resolving.hpp"

namespace porter::detail::store::postgres {

/// A change of a password or a hash has no undoing, because the former hash is gone: when the database was lost for
/// longer than options.resolve_patience, it may have been made although it is unavailable.
class accounts final : public store::accounts {
public:
    /// `by` outlives it.
    explicit accounts(resolver& by) : resolver_(by) {}

    task<result<std::optional<account>>> find(std::string folded_name) override;
    task<result<claimed_account>> find_claimed(std::string folded_name) override;
    task<result<claimed_account>> find_claimed(account_id id) override;
    task<result<void>> rehash(account_id id, std::string old_hash, std::string new_hash) override;
    task<result<void>> change_password(password_change change) override;

private:
    template <typename Key>
    task<result<claimed_account>> find_claimed_by(char const* sql, Key key);

    resolver& resolver_;
};

}  // namespace porter::detail::store::postgres
