#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "porter/result.hpp"
#include "store/ports.hpp"

namespace porter::testing {

/// Wraps a store of accounts; a test makes its operations fail or race, and counts them.
class faulty_accounts final : public detail::store::accounts {
public:
    using errc = detail::store::errc;
    using account = detail::store::account;
    using claimed_account = detail::store::claimed_account;
    using account_id = detail::store::account_id;
    template <typename T>
    using result = detail::store::result<T>;

    explicit faulty_accounts(detail::store::accounts& real) : real_(real) {}

    std::set<std::string_view> broken;                  ///< operations that are unavailable, by name
    bool disabled = false;                              ///< every account is disabled
    std::optional<std::string> overtaking_hash;         ///< stored by another process just before a hash is changed
    std::function<task<result<void>>()> before_change;  ///< runs just before a password is changed
    std::size_t lookups = 0;

    task<result<std::optional<account>>> find(std::string folded_name) override
    {
        ++lookups;
        if (broken.contains("find")) co_return unexpected(errc::unavailable);
        auto found = co_await real_.find(folded_name);
        if (found && *found && disabled) (*found)->disabled_at = (*found)->created_at;
        co_return found;
    }

    task<result<claimed_account>> find_claimed(std::string folded_name) override
    {
        ++lookups;
        if (broken.contains("find")) co_return unexpected(errc::unavailable);
        auto found = co_await real_.find_claimed(folded_name);
        if (found && found->account && disabled) found->account->disabled_at = found->account->created_at;
        co_return found;
    }

    task<result<claimed_account>> find_claimed(account_id id) override
    {
        if (broken.contains("find")) co_return unexpected(errc::unavailable);
        auto found = co_await real_.find_claimed(id);
        if (found && found->account && disabled) found->account->disabled_at = found->account->created_at;
        co_return found;
    }

    task<result<void>> rehash(account_id id, std::string old_hash, std::string new_hash) override
    {
        if (broken.contains("rehash")) co_return unexpected(errc::unavailable);
        co_await overtake(id, old_hash);
        auto changed = co_await real_.rehash(id, old_hash, new_hash);
        co_return changed;
    }

    task<result<void>> change_password(detail::store::password_change change) override
    {
        if (broken.contains("change_password")) co_return unexpected(errc::unavailable);
        if (disabled) co_return unexpected(errc::credential_changed);
        if (before_change) {
            auto const done = co_await before_change();
            if (!done) throw std::logic_error("the change before this one failed");
        }
        if (overtaking_hash) {
            auto overtaking = change;
            overtaking.new_hash = *overtaking_hash;
            overtaking.attempt = {};
            auto const overtaken = co_await real_.change_password(overtaking);
            if (!overtaken) throw std::logic_error("the overtaking change failed");
        }
        auto changed = co_await real_.change_password(change);
        co_return changed;
    }

private:
    task<void> overtake(account_id id, std::string old_hash)
    {
        if (!overtaking_hash) co_return;
        auto const overtaken = co_await real_.rehash(id, old_hash, *overtaking_hash);
        if (!overtaken) throw std::logic_error("the overtaking change failed");
    }

    detail::store::accounts& real_;
};

}  // namespace porter::testing
