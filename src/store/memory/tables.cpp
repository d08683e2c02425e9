#include "store/memory/tables.hpp"

#include <algorithm>
#include <utility>

namespace porter::detail::store::memory {

operation::~operation()
{
    lock_.unlock();
    if (ended_.empty()) return;
    std::lock_guard const lock{data_.watching};
    if (data_.watch.on_sessions_ended) data_.watch.on_sessions_ended(ended_);
}

void operation::note_ended(store::session const& session, std::string_view cause)
{
    auto const* const owner = account(session.account);
    ended_.push_back({session.id, owner == nullptr ? std::string{} : owner->account.name, std::string{cause}});
}

bool operation::is_down() noexcept
{
    auto& left = data_.left_until_down;
    if (left == 0U) {
        data_.down = true;
        left.reset();
    } else if (left) {
        --*left;
    }
    return data_.down;
}

account_row* operation::account(account_id id)
{
    auto const found = data_.accounts.find(id);
    return found == data_.accounts.end() ? nullptr : &found->second;
}

account_row* operation::account(std::string const& folded_name)
{
    auto const found = std::ranges::find_if(
        data_.accounts, [&](auto const& entry) { return entry.second.account.folded_name == folded_name; });
    return found == data_.accounts.end() ? nullptr : &found->second;
}

store::account const* operation::add(store::account record)
{
    if (account(record.folded_name)) return nullptr;
    record.id = ++data_.last_account;
    record.credential_version = 1;
    record.failed_since = 0;
    auto& row = data_.accounts[record.id];
    row.account = std::move(record);
    return &row.account;
}

}  // namespace porter::detail::store::memory
