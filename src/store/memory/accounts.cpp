#include "store/memory/accounts.hpp"

#include <utility>

#include "store/memory/tries.hpp"

namespace porter::rooms::store::memory {

namespace {

std::optional<account> copy_of(account_row const* row)
{
    if (!row) return std::nullopt;
    auto copy = row->account;
    copy.failed_since = row->history.failed_since;
    return copy;
}

}  // namespace

task<result<std::optional<account>>> accounts::find(std::string folded_name)
{
    operation now{all_};
    if (now.is_down()) co_return refuse(errc::unavailable);
    co_return copy_of(now.account(folded_name));
}

task<result<std::optional<account>>> accounts::find(account_id id)
{
    operation now{all_};
    if (now.is_down()) co_return refuse(errc::unavailable);
    co_return copy_of(now.account(id));
}

task<result<account>> accounts::add(account fresh)
{
    operation now{all_};
    if (now.is_down()) co_return refuse(errc::unavailable);
    auto const* added = now.add(std::move(fresh));
    if (!added) co_return refuse(errc::name_taken);
    co_return *added;
}

task<result<void>> accounts::rehash(account_id id, std::string old_hash, std::string new_hash)
{
    operation now{all_};
    if (now.is_down()) co_return refuse(errc::unavailable);
    auto* row = now.account(id);
    if (!row || row->account.password_hash != old_hash) co_return refuse(errc::credential_changed);
    row->account.password_hash = new_hash;
    co_return result<void>{};
}

task<result<void>> accounts::change_password(password_change asked)
{
    operation now{all_};
    if (now.is_down()) co_return refuse(errc::unavailable);
    auto* row = now.account(asked.account);
    if (!row || row->account.disabled_at || row->account.credential_version != asked.credential_version) {
        co_return refuse(errc::credential_changed);
    }
    row->account.password_hash = asked.new_hash;
    ++row->account.credential_version;
    undo_proved_try(now, all_, asked.proved_by);
    now.end_sessions([&](session_row const& each) {
        return each.session.account == asked.account && each.session.id != asked.keep;
    });
    co_return result<void>{};
}

}  // namespace porter::rooms::store::memory
