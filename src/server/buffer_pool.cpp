#include "server/buffer_pool.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <new>
#include <ranges>

#if __has_include(<sanitizer/asan_interface.h>)  // clang has it in a package of its own
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#endif

namespace porter::detail::server {

buffer_pool::~buffer_pool()
{
    for (int i = 0; i < 2; ++i) shrink();
}

void* buffer_pool::do_allocate(std::size_t bytes, std::size_t alignment)
{
    auto* const upstream = std::pmr::new_delete_resource();
    if (bytes > largest || alignment > page) return upstream->allocate(bytes, alignment);  // for a large frame
    auto const pages = (bytes + page - 1) / page;
    auto& kept = free_lists_[pages];
    if (kept.first == nullptr) {
        void* const fresh = ::mmap(nullptr, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (fresh == MAP_FAILED) throw std::bad_alloc{};
        return fresh;
    }
    auto* const taken = kept.first;
    ASAN_UNPOISON_MEMORY_REGION(taken, pages * page);
    kept.first = taken->next;
    kept.unneeded = std::min(kept.unneeded, --kept.count);
    return taken;
}

void buffer_pool::do_deallocate(void* memory, std::size_t bytes, std::size_t alignment)
{
    auto* const upstream = std::pmr::new_delete_resource();
    if (bytes > largest || alignment > page) return upstream->deallocate(memory, bytes, alignment);
    auto const pages = (bytes + page - 1) / page;
    auto& kept = free_lists_[pages];
    kept.first = ::new (memory) buffer{kept.first};
    ++kept.count;
    ASAN_POISON_MEMORY_REGION(memory, pages * page);
}

void buffer_pool::shrink() noexcept
{
    for (std::size_t pages = 1; pages < free_lists_.size(); ++pages) {
        auto& kept = free_lists_[pages];
        for (; kept.unneeded > 0; --kept.unneeded, --kept.count) {
            auto* const gone = kept.first;
            ASAN_UNPOISON_MEMORY_REGION(gone, pages * page);
            kept.first = gone->next;
            ::munmap(gone, pages * page);
        }
        kept.unneeded = kept.count;
    }
}

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
    // A network that holds little in comparison may take more: the heaviest are evicted.
    return exceeds(held_, limit_) && where.held >= by_weight_.rbegin()->first / 2;
}

std::size_t buffer_limiter::held() const
{
    std::lock_guard const lock{mutex_};
    return held_;
}

void buffer_limiter::resize(share& one, std::size_t bytes)
{
    auto& here = one.network_->second;
    auto node = here.held != 0 ? by_weight_.extract({here.held, &here}) : decltype(by_weight_)::node_type{};
    auto const before = one.bytes_;
    here.held += bytes - before;  // wraps around when it is less
    held_ += bytes - before;
    if (one.evicted_) {
        here.evicted += bytes - before;
        evicted_ += bytes - before;
    }
    one.bytes_ = bytes;
    tight_.store(limit_ != 0 && held_ > limit_ / 2, std::memory_order_relaxed);
    if (here.held == 0) return;
    if (node) {
        node.value().first = here.held;
        by_weight_.insert(std::move(node));
    } else {
        by_weight_.emplace(here.held, &here);
    }
}

/// The share whose peer has been slow longest; null: none is slow.
buffer_limiter::share* buffer_limiter::slowest_in(network const& where) noexcept
{
    share* found = nullptr;
    for (auto* each : where.shares) {
        if (each->evicted_ || each->bytes_ == 0 || each->slow_since_ == time_point::max()) continue;
        if (found == nullptr || each->slow_since_ < found->slow_since_) found = each;
    }
    return found;
}

void buffer_limiter::evict(share& one) noexcept
{
    one.evicted_ = true;
    one.network_->second.evicted += one.bytes_;
    one.limiter_.evicted_ += one.bytes_;
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
