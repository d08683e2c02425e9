#include "server/connection_limiter.hpp"

#include <cassert>

#include "server/descriptor_limit.hpp"

namespace porter::detail::server {

/// Guarded by the quota's mutex.
struct connection_slot::entry {
    enum class state : std::uint8_t { evictable, pinned, committed, evicted };

    connection_limiter& limiter;
    slot_owner owner;
    connection_limiter::address_buckets::value_type* bucket = nullptr;  // outlives a rehash, which an iterator does not
    state status = state::evicted;
    access_limiter::member access{};  // while it is settled
};

namespace {

/// Of a limit, how much is for those without access.
std::size_t half(std::size_t limit)
{
    return (limit + 1) / 2;
}

}  // namespace

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
    limiter.change(at.second, [&] { --at.second.without_access; });
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
    limiter.change(at.second, [&] { ++at.second.without_access; });
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

/// The network with more connections that have no access comes first; of two with as many, the one where somebody has
/// been waiting longer.
bool connection_limiter::heavier::operator()(address_bucket const* a, address_bucket const* b) const noexcept
{
    if (a->without_access != b->without_access) return a->without_access > b->without_access;
    return a->evictable.begin()->first < b->evictable.begin()->first;
}

connection_limiter::outcome connection_limiter::take(std::string const& network, slot_owner owner)
{
    outcome made;
    connection_slot newcomer{new entry{*this, owner}};
    std::lock_guard const lock{mutex_};
    if (assign(*newcomer.entry_, network, made.evicted)) made.slot.emplace(std::move(newcomer));
    return made;
}

std::optional<reject_permit> connection_limiter::permit_reject()
{
    std::lock_guard const lock{mutex_};
    if (rejects_ >= max_farewells) return std::nullopt;
    ++rejects_;
    return reject_permit{*this};
}

std::size_t connection_limiter::taken() const
{
    std::lock_guard const lock{mutex_};
    return taken_;
}

bool connection_limiter::assign(entry& newcomer, std::string const& name, std::optional<slot_owner>& evicted)
{
    auto const per_network = name.empty() ? 0 : per_network_;
    auto* const at = &*buckets_.try_emplace(name).first;
    auto& here = at->second;
    bool const crowded_here = per_network != 0 && here.without_access >= half(per_network);
    bool const crowded = limit_ != 0 && without_access_ >= half(limit_);
    entry* loser = nullptr;
    if (crowded_here) {
        loser = oldest_evictable(here);
    } else if (crowded && !heaviest_.empty()) {
        loser = oldest_evictable(**heaviest_.begin());
    }
    std::size_t const freed = loser != nullptr ? 1 : 0;
    std::size_t const freed_here = loser != nullptr && loser->bucket == at ? 1 : 0;
    bool const full = (limit_ != 0 && taken_ - freed >= limit_) ||
                      (per_network != 0 && here.taken - freed_here >= per_network) ||
                      ((crowded_here || crowded) && loser == nullptr);
    if (full) {
        if (here.taken == 0) buckets_.erase(name);
        return false;
    }
    newcomer.bucket = at;
    ++taken_;
    ++without_access_;
    ++here.taken;
    newcomer.status = entry::state::pinned;
    change(here, [&] { ++here.without_access; });
    add_evictable(newcomer);
    if (loser != nullptr) {
        evicted = loser->owner;
        release(*loser);
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
    change(here, [&] { here.evictable.emplace(one.owner.connection, &one); });
    one.status = entry::state::evictable;
}

void connection_limiter::remove_evictable(entry& one) noexcept
{
    auto& here = one.bucket->second;
    if (one.status == entry::state::evictable) change(here, [&] { here.evictable.erase(one.owner.connection); });
}

void connection_limiter::release(entry& one) noexcept
{
    remove_evictable(one);
    access_limiter_.remove(one.access);
    auto& here = one.bucket->second;
    --taken_;
    if (one.status != entry::state::committed) {
        --without_access_;
        change(here, [&] { --here.without_access; });
    }
    one.status = entry::state::evicted;
    if (--here.taken == 0) buckets_.erase(buckets_.find(one.bucket->first));
}

/// A network is taken out of the order while what it is ordered by changes.
template <typename Change>
void connection_limiter::change(address_bucket& which, Change how)
{
    auto node = which.evictable.empty() ? decltype(heaviest_)::node_type{} : heaviest_.extract(&which);
    how();
    if (which.evictable.empty()) return;
    if (node) {
        heaviest_.insert(std::move(node));
    } else {
        heaviest_.insert(&which);
    }
}

}  // namespace porter::detail::server
