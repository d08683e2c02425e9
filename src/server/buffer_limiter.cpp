#include "server/buffer_limiter.hpp"

#include <ranges>

namespace porter::detail::server {

buffer_limiter::share::share(buffer_limiter& limiter, std::string network) : limiter_(limiter)
{
    std::lock_guard const lock{limiter_.mutex_};
    network_ = &*limiter_.networks_.try_emplace(std::move(network)).first;
    auto& members = network_->second.shares;
    index_ = members.size();
    members.push_back(this);
}

buffer_limiter::share::~share()
{
    std::lock_guard const lock{limiter_.mutex_};
    limiter_.resize(*this, 0);
    auto& members = network_->second.shares;
    members[index_] = members.back();
    members[index_]->index_ = index_;
    members.pop_back();
    if (members.empty()) limiter_.networks_.erase(limiter_.networks_.find(network_->first));
}

void buffer_limiter::share::update(std::size_t bytes, time_point slow_since)
{
    std::lock_guard const lock{limiter_.mutex_};
    slow_since_ = slow_since;
    bool const grows = bytes > bytes_;
    if (bytes != bytes_) limiter_.resize(*this, bytes);
    auto& here = network_->second;
    if (grows && !evicted_ && limiter_.is_far_over_limit(here)) evict(*this);
    while (limiter_.per_network_ != 0 && here.held - here.evicted > limiter_.per_network_) {
        if (!limiter_.evict_from(here)) break;
    }
    while (limiter_.limit_ != 0 && limiter_.held_ - limiter_.evicted_ > limiter_.limit_) {
        if (!limiter_.evict_from_heaviest()) break;
    }
}

bool buffer_limiter::is_far_over_limit(network const& where) const noexcept
{
    auto const exceeds = [](std::size_t held, std::size_t limit) { return limit != 0 && held > limit + limit / 4; };
    if (exceeds(where.held, per_network_)) return true;
    // A network that holds little in comparison goes on: the heaviest have to make room.
    return exceeds(held_, limit_) && where.held >= by_weight_.rbegin()->first / 2;
}

std::size_t buffer_limiter::held() const
{
    std::lock_guard const lock{mutex_};
    return held_;
}

void buffer_limiter::resize(share& whose, std::size_t bytes)
{
    auto& here = whose.network_->second;
    auto node = here.held != 0 ? by_weight_.extract({here.held, &here}) : decltype(by_weight_)::node_type{};
    auto const before = whose.bytes_;
    here.held += bytes - before;  // wraps, and back, when it is less
    held_ += bytes - before;
    if (whose.evicted_) {
        here.evicted += bytes - before;
        evicted_ += bytes - before;
    }
    whose.bytes_ = bytes;
    tight_.store(limit_ != 0 && held_ > limit_ / 2, std::memory_order_relaxed);
    if (here.held == 0) return;
    if (node) {
        node.value().first = here.held;
        by_weight_.insert(std::move(node));
    } else {
        by_weight_.emplace(here.held, &here);
    }
}

/// The one whose peer has been slow longest; null: none is slow.
buffer_limiter::share* buffer_limiter::slowest_in(network const& where) noexcept
{
    share* found = nullptr;
    for (auto* each : where.shares) {
        if (each->evicted_ || each->bytes_ == 0 || each->slow_since_ == time_point::max()) continue;
        if (found == nullptr || each->slow_since_ < found->slow_since_) found = each;
    }
    return found;
}

void buffer_limiter::evict(share& whose) noexcept
{
    whose.evicted_ = true;
    whose.network_->second.evicted += whose.bytes_;
    whose.limiter_.evicted_ += whose.bytes_;
}

bool buffer_limiter::evict_from(network& where) noexcept
{
    auto* const slowest = slowest_in(where);
    if (slowest == nullptr) return false;
    evict(*slowest);
    return true;
}

bool buffer_limiter::evict_from_heaviest() noexcept
{
    for (auto const& [held, where] : std::views::reverse(by_weight_)) {
        if (evict_from(*where)) return true;
    }
    return false;
}

}  // namespace porter::detail::server
