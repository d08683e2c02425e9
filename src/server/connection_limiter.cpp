#include "server/connection_limiter.hpp"

#include <algorithm>
#include <cassert>

namespace porter::detail::server {
namespace {

/// The part of a limit for connections without access.
std::size_t half(std::size_t limit)
{
    return (limit + 1) / 2;
}

}  // namespace

void group_sizes::grow(std::size_t size)
{
    if (size == groups_.size()) groups_.push_back(0);
    ++groups_[size];
    if (size != 0) --groups_[size - 1];
}

void group_sizes::shrink(std::size_t size) noexcept
{
    --groups_[size - 1];
    if (size > 1) ++groups_[size - 2];
    while (!groups_.empty() && groups_.back() == 0) groups_.pop_back();
}

access_limiter::decision access_limiter::add(member& added, std::string const& network_name, store::account_id account,
                                             time_point now)
{
    if (per_account_ != 0 && account != 0 && size_of(account) >= per_account_) return decision::account_full;
    if (limit_ != 0 && size_ >= limit_) {
        auto* const victim = victim_for(network_name, account);
        if (victim == nullptr) return decision::server_full;
        remove(*victim);
        victim->must_close_ = true;
    }
    added.network_ = &*networks_.try_emplace(network_name).first;
    auto& here = added.network_->second;
    network_sizes_.grow(here.size++);
    added.previous_ = nullptr;
    added.next_ = here.first;
    if (here.first != nullptr) here.first->previous_ = &added;
    here.first = &added;
    added.note_activity(now);
    ++size_;
    added.account_ = account;
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
    if (account != 0) account_sizes_.grow(accounts_[account]++);
}

void access_limiter::remove(member& one) noexcept
{
    if (one.network_ == nullptr) return;
    auto& here = one.network_->second;
    (one.previous_ != nullptr ? one.previous_->next_ : here.first) = one.next_;
    if (one.next_ != nullptr) one.next_->previous_ = one.previous_;
    network_sizes_.shrink(here.size--);
    if (here.size == 0) networks_.erase(networks_.find(one.network_->first));
    one.network_ = nullptr;
    --size_;
    if (one.account_ == 0) return;
    auto const account = accounts_.find(one.account_);
    account_sizes_.shrink(account->second--);
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

/// `only_of`: 0: any account. Of members that were last active in the same tick, the oldest, which is the last in the
/// list.
access_limiter::member* access_limiter::idlest(network const& from, store::account_id only_of) noexcept
{
    member* found = nullptr;
    for (auto* each = from.first; each != nullptr; each = each->next_) {
        if (only_of != 0 && each->account_ != only_of) continue;
        if (found == nullptr || each->active_at_ <= found->active_at_) found = each;
    }
    return found;
}

/// Iterates over all members: only when the server is full, and an account has more of them than any network.
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

/// Guarded by the limiter's mutex.
struct connection_slot::entry {
    enum class state : std::uint8_t { evictable, pinned, committed, evicted };

    connection_limiter& limiter;
    slot_owner owner;
    connection_limiter::address_buckets::value_type* bucket = nullptr;  // outlives a rehash, which an iterator does not
    state status = state::evicted;
    access_limiter::member access{};  // while committed
};

void connection_slot::releaser::operator()(entry* held) const noexcept
{
    {
        std::lock_guard const lock{held->limiter.mutex_};
        if (held->status != entry::state::evicted) held->limiter.release(*held);
    }
    delete held;
}

connection_slot::~connection_slot() = default;

bool connection_slot::pin()
{
    std::lock_guard const lock{entry_->limiter.mutex_};
    if (entry_->status == entry::state::evicted) return false;
    entry_->limiter.remove_evictable(*entry_);
    entry_->status = entry::state::pinned;
    return true;
}

void connection_slot::unpin()
{
    std::lock_guard const lock{entry_->limiter.mutex_};
    if (entry_->status == entry::state::pinned) entry_->limiter.add_evictable(*entry_);
}

access_limiter::decision connection_slot::commit(store::account_id account)
{
    std::lock_guard const lock{entry_->limiter.mutex_};
    auto& limiter = entry_->limiter;
    auto& at = *entry_->bucket;
    assert(entry_->status == entry::state::pinned);
    auto const now = std::chrono::steady_clock::now();
    auto const decision = limiter.access_limiter_.add(entry_->access, at.first, account, now);
    if (decision != access_limiter::decision::added) return decision;
    limiter.update(at.second, [&] { --at.second.without_access; });
    --limiter.without_access_;
    entry_->status = entry::state::committed;
    return decision;
}

void connection_slot::uncommit()
{
    std::lock_guard const lock{entry_->limiter.mutex_};
    auto& limiter = entry_->limiter;
    auto& at = *entry_->bucket;
    assert(entry_->status == entry::state::committed);
    limiter.access_limiter_.remove(entry_->access);
    limiter.update(at.second, [&] { ++at.second.without_access; });
    ++limiter.without_access_;
    entry_->status = entry::state::pinned;
}

void connection_slot::set_account(store::account_id account)
{
    std::lock_guard const lock{entry_->limiter.mutex_};
    entry_->limiter.access_limiter_.set_account(entry_->access, account);
}

void connection_slot::note_activity(access_limiter::time_point now) noexcept
{
    entry_->access.note_activity(now);
}

bool connection_slot::must_close() const noexcept
{
    return entry_->access.must_close();
}

bool connection_slot::is_evicted() const
{
    std::lock_guard const lock{entry_->limiter.mutex_};
    return entry_->status == entry::state::evicted;
}

bool connection_slot::move_to(std::string const& network, std::optional<slot_owner>& evicted)
{
    auto& limiter = entry_->limiter;
    std::lock_guard const lock{limiter.mutex_};
    if (entry_->status == entry::state::evicted) return false;
    limiter.release(*entry_);
    return limiter.assign(*entry_, network, evicted);
}

std::optional<reject_permit> connection_slot::permit_reject()
{
    return entry_->limiter.permit_reject();
}

reject_permit::~reject_permit()
{
    if (limiter_ == nullptr) return;
    std::lock_guard const lock{limiter_->mutex_};
    --limiter_->rejects_;
}

/// The network with more connections without access comes first; of two with equally many, that of the oldest evictable
/// one.
bool connection_limiter::heavier::operator()(address_bucket const* a, address_bucket const* b) const noexcept
{
    if (a->without_access != b->without_access) return a->without_access > b->without_access;
    return a->evictable.begin()->first < b->evictable.begin()->first;
}

connection_limiter::outcome connection_limiter::take(std::string const& network, slot_owner owner)
{
    outcome made;
    connection_slot added{new entry{*this, owner}};
    std::lock_guard const lock{mutex_};
    if (assign(*added.entry_, network, made.evicted)) made.slot.emplace(std::move(added));
    return made;
}

void connection_limiter::set_limits(std::size_t in_all, std::size_t per_network, std::size_t per_account) noexcept
{
    std::lock_guard const lock{mutex_};
    limit_ = in_all;
    per_network_ = per_network;
    access_limiter_.set_limits(with_access(in_all), per_account);
}

std::optional<reject_permit> connection_limiter::permit_reject()
{
    std::lock_guard const lock{mutex_};
    if (rejects_ >= max_rejects) return std::nullopt;
    ++rejects_;
    return reject_permit{*this};
}

std::size_t connection_limiter::taken() const
{
    std::lock_guard const lock{mutex_};
    return taken_;
}

bool connection_limiter::assign(entry& added, std::string const& name, std::optional<slot_owner>& evicted)
{
    auto const per_network = name.empty() ? 0 : per_network_;
    auto* const at = &*buckets_.try_emplace(name).first;
    auto& here = at->second;
    bool const network_crowded = per_network != 0 && here.without_access >= half(per_network);
    bool const server_crowded = limit_ != 0 && without_access_ >= half(limit_);
    entry* victim = nullptr;
    if (network_crowded) {
        victim = oldest_evictable(here);
    } else if (server_crowded && !heaviest_.empty()) {
        victim = oldest_evictable(**heaviest_.begin());
    }
    std::size_t const freed = victim != nullptr ? 1 : 0;
    std::size_t const freed_here = victim != nullptr && victim->bucket == at ? 1 : 0;
    bool const full = (limit_ != 0 && taken_ - freed >= limit_) ||
                      (per_network != 0 && here.taken - freed_here >= per_network) ||
                      ((network_crowded || server_crowded) && victim == nullptr);
    if (full) {
        if (here.taken == 0) buckets_.erase(name);
        return false;
    }
    added.bucket = at;
    ++taken_;
    ++without_access_;
    ++here.taken;
    added.status = entry::state::pinned;
    update(here, [&] { ++here.without_access; });
    add_evictable(added);
    if (victim != nullptr) {
        evicted = victim->owner;
        release(*victim);
    }
    return true;
}

connection_limiter::entry* connection_limiter::oldest_evictable(address_bucket const& from) const
{
    return from.evictable.empty() ? nullptr : from.evictable.begin()->second;
}

void connection_limiter::add_evictable(entry& one)
{
    auto& here = one.bucket->second;
    update(here, [&] { here.evictable.emplace(one.owner.connection, &one); });
    one.status = entry::state::evictable;
}

void connection_limiter::remove_evictable(entry& one) noexcept
{
    auto& here = one.bucket->second;
    if (one.status == entry::state::evictable) update(here, [&] { here.evictable.erase(one.owner.connection); });
}

void connection_limiter::release(entry& one) noexcept
{
    remove_evictable(one);
    access_limiter_.remove(one.access);
    auto& here = one.bucket->second;
    --taken_;
    if (one.status != entry::state::committed) {
        --without_access_;
        update(here, [&] { --here.without_access; });
    }
    one.status = entry::state::evicted;
    if (--here.taken == 0) buckets_.erase(buckets_.find(one.bucket->first));
}

/// Takes the bucket out of the order while its sort key changes.
template <typename Change>
void connection_limiter::update(address_bucket& bucket, Change change)
{
    auto node = bucket.evictable.empty() ? decltype(heaviest_)::node_type{} : heaviest_.extract(&bucket);
    change();
    if (bucket.evictable.empty()) return;
    if (node) {
        heaviest_.insert(std::move(node));
    } else {
        heaviest_.insert(&bucket);
    }
}

}  // namespace porter::detail::server
