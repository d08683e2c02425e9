#include "store/memory/accounts.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "store/limits.hpp"
#include "store/memory/attempts.hpp"

namespace porter::detail::store::memory {

namespace {

std::optional<account> copy_of(account_row const* row)
{
    if (!row) return std::nullopt;
    auto copy = row->account;
    copy.failed_since = row->history.failed_since;
    copy.has_second_factor = row->second_factor.has_value();
    return copy;
}

std::vector<base::hash_cost> hash_costs(tables const& data)
{
    std::vector<base::hash_cost> costs;
    for (auto const& [id, row] : data.accounts) {
        auto const cost = base::hash_cost_of(row.account.password_hash);
        bool const is_new = cost && std::ranges::find(costs, *cost) == costs.end();
        if (is_new && base::is_computable(*cost)) costs.push_back(*cost);
    }
    std::ranges::sort(costs, [](auto const& one, auto const& other) {
        return std::pair{one.work(), one.memory_kib} > std::pair{other.work(), other.memory_kib};
    });
    if (costs.size() > hash_costs_at_once) costs.resize(hash_costs_at_once);
    return costs;
}

bool is_done(password_change const& change, account const& owner)
{
    return owner.credential_version == change.credential_version + 1 && owner.password_hash == change.new_hash;
}

}  // namespace

task<result<std::optional<account>>> accounts::find(std::string folded_name)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    co_return copy_of(op.account(folded_name));
}

task<result<claimed_account>> accounts::find_claimed(std::string folded_name)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    claimed_account claimed{copy_of(op.account(folded_name)), hash_costs(data_)};
    co_return claimed;
}

task<result<claimed_account>> accounts::find_claimed(account_id id)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    claimed_account claimed{copy_of(op.account(id)), hash_costs(data_)};
    co_return claimed;
}

task<result<void>> accounts::rehash(account_id id, std::string old_hash, std::string new_hash)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    auto* row = op.account(id);
    if (row && row->account.password_hash == new_hash) co_return result<void>{};
    if (!row || row->account.password_hash != old_hash) co_return unexpected(errc::credential_changed);
    row->account.password_hash = new_hash;
    co_return result<void>{};
}

task<result<void>> accounts::change_password(password_change change)
{
    operation op{data_};
    if (op.is_down()) co_return unexpected(errc::unavailable);
    auto* row = op.account(change.account);
    if (row && is_done(change, row->account)) co_return result<void>{};
    if (!row || row->account.disabled_at || row->account.credential_version != change.credential_version) {
        co_return unexpected(errc::credential_changed);
    }
    row->account.password_hash = change.new_hash;
    ++row->account.credential_version;
    std::erase_if(data_.resets, [&](password_reset const& each) { return each.account == change.account; });
    undo_verified_attempt(op, data_, change.attempt);
    op.end_sessions("password_changed", [&](session_row const& each) {
        return each.session.account == change.account && each.session.id != change.keep;
    });
    co_return result<void>{};
}

}  // namespace porter::detail::store::memory
