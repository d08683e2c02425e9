#include "server/access_limiter.hpp"

#include <algorithm>

namespace porter::detail::server {

void group_sizes::grows(std::size_t size)
{
    if (size == groups_.size()) groups_.push_back(0);
    ++groups_[size];
    if (size != 0) --groups_[size - 1];
}

void group_sizes::shrinks(std::size_t size) noexcept
{
    --groups_[size - 1];
    if (size > 1) ++groups_[size - 2];
    while (!groups_.empty() && groups_.back() == 0) groups_.pop_back();
}

access_limiter::decision access_limiter::add(member& joining, std::string const& network_name,
                                             store::account_id account, time_point now)
{
    if (per_account_ != 0 && account != 0 && size_of(account) >= per_account_) return decision::account_full;
    if (limit_ != 0 && size_ >= limit_) {
        auto* const leaving = victim_for(network_name, account);
        if (leaving == nullptr) return decision::server_full;
        remove(*leaving);
        leaving->must_close_ = true;
    }
    joining.network_ = &*networks_.try_emplace(network_name).first;
    auto& here = joining.network_->second;
    network_sizes_.grows(here.size++);
    joining.previous_ = nullptr;
    joining.next_ = here.first;
    if (here.first != nullptr) here.first->previous_ = &joining;
    here.first = &joining;
    joining.note_activity(now);
    ++size_;
    joining.account_ = account;
    count(account);
    return decision::added;
}

void access_limiter::set_account(member& one, store::account_id account)
{
    if (one.network_ == nullptr || one.account_ != 0) return;
    one.account_ = account;
    count(account);
}

void access_limiter::count(store::account_id account)
{
    if (account != 0) account_sizes_.grows(accounts_[account]++);
}

void access_limiter::remove(member& one) noexcept
{
    if (one.network_ == nullptr) return;
    auto& here = one.network_->second;
    (one.previous_ != nullptr ? one.previous_->next_ : here.first) = one.next_;
    if (one.next_ != nullptr) one.next_->previous_ = one.previous_;
    network_sizes_.shrinks(here.size--);
    if (here.size == 0) networks_.erase(networks_.find(one.network_->first));
    one.network_ = nullptr;
    --size_;
    if (one.account_ == 0) return;
    auto const account = accounts_.find(one.account_);
    account_sizes_.shrinks(account->second--);
    if (account->second == 0) accounts_.erase(account);
    one.account_ = 0;
}

std::size_t access_limiter::size_of(store::account_id account) const
{
    auto const found = accounts_.find(account);
    return found == accounts_.end() ? 0 : found->second;
}

access_limiter::member* access_limiter::victim_for(std::string const& network_name, store::account_id account)
{
    auto const own = networks_.find(network_name);
    auto const in_network = own == networks_.end() ? 0 : own->second.size;
    auto const of_account = account == 0 ? 0 : size_of(account);
    auto const own_size = std::max(in_network, of_account) + 1;
    auto const largest_network = network_sizes_.largest();
    auto const largest_account = account_sizes_.largest();
    if (std::max(largest_network, largest_account) > own_size) {
        if (largest_network >= largest_account) {
            auto const has_most = [&](auto const& each) { return each.second.size == largest_network; };
            return idlest(std::ranges::find_if(networks_, has_most)->second, 0);
        }
        auto const has_most = [&](auto const& each) { return each.second == largest_account; };
        return idlest_of(std::ranges::find_if(accounts_, has_most)->first);
    }
    if (of_account != 0) return idlest_of(account);
    return in_network == 0 ? nullptr : idlest(own->second, 0);
}

/// `only_of`: 0: of whatever account. Those that were heard before the same tick are equal: the oldest of them, which
/// is the last in the list.
access_limiter::member* access_limiter::idlest(network const& from, store::account_id only_of) noexcept
{
    member* found = nullptr;
    for (auto* each = from.first; each != nullptr; each = each->next_) {
        if (only_of != 0 && each->account_ != only_of) continue;
        if (found == nullptr || each->active_at_ <= found->active_at_) found = each;
    }
    return found;
}

/// Looks at all connections: only where the server is full, and an account has more of them than a network.
access_limiter::member* access_limiter::idlest_of(store::account_id account) noexcept
{
    member* found = nullptr;
    for (auto const& each : networks_) {
        auto* const here = idlest(each.second, account);
        if (here == nullptr) continue;
        if (found == nullptr || here->active_at_ < found->active_at_) found = here;
    }
    return found;
}

}  // namespace porter::detail::server
