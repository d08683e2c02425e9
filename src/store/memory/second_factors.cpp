#include "store/memory/second_factors.hpp"

#include <algorithm>
#include <utility>

namespace porter::detail::store::memory {

namespace {

/// The second factor of the account, or null.
second_factor_row* find_row(operation& op, account_id account)
{
    auto* const row = op.account(account);
    return row && row->second_factor ? &*row->second_factor : nullptr;
}

}  // namespace

task<result<std::optional<second_factor>>> second_factors::find(account_id account)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    auto const* const row = find_row(op, account);
    if (!row) co_return std::optional<second_factor>{};
    second_factor found;
    found.sealed_secret = row->sealed_secret;
    found.last_step = row->last_step;
    found.codes_left = std::ranges::count_if(row->recovery_codes, [](auto const& each) { return each.second == 0; });
    co_return std::optional{std::move(found)};
}

task<result<void>> second_factors::add(new_second_factor record)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    auto* const owner = op.account(record.account);
    if (!owner) co_return unexpected(errc::credential_changed);
    if (owner->second_factor) {
        if (owner->second_factor->sealed_secret != record.sealed_secret) co_return unexpected(errc::credential_changed);
        co_return result<void>{};
    }
    second_factor_row row;
    row.sealed_secret = std::move(record.sealed_secret);
    row.last_step = record.last_step;
    for (auto const& digest : record.recovery_codes) row.recovery_codes.emplace(digest, 0);
    owner->second_factor = std::move(row);
    co_return result<void>{};
}

task<result<void>> second_factors::use_step(account_id account, std::int64_t step, attempt_id use)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    auto* const row = find_row(op, account);
    if (!row) co_return unexpected(errc::not_found);
    bool const is_repeated = row->last_step == step && row->last_use == use;
    if (row->last_step >= step && !is_repeated) co_return unexpected(errc::not_found);
    row->last_step = step;
    row->last_use = use;
    co_return result<void>{};
}

task<result<void>> second_factors::use_recovery_code(account_id account, token_digest digest, attempt_id use,
                                                     base::timestamp)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    auto* const row = find_row(op, account);
    if (!row) co_return unexpected(errc::not_found);
    auto const code = row->recovery_codes.find(digest);
    bool const is_usable = code != row->recovery_codes.end() && (code->second == 0 || code->second == use);
    if (!is_usable) co_return unexpected(errc::not_found);
    code->second = use;
    co_return result<void>{};
}

task<result<void>> second_factors::remove(account_id account)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    if (auto* const owner = op.account(account)) owner->second_factor.reset();
    co_return result<void>{};
}

}  // namespace porter::detail::store::memory
