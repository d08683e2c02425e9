// When and from where sessions are used: noted in memory, and written in batches.
#include <algorithm>
#include <utility>

#include "sessions/registry.hpp"

namespace porter::detail::sessions {

void registry::record_activity(std::span<store::session_id const> live)
{
    auto const now = clock_.now();
    for (auto const id : live) record_activity({id, now, {}, {}});
}

task<void> registry::write_activity()
{
    co_await store_activity();
}

task<bool> registry::store_activity()
{
    std::vector<store::session_activity> batch;
    {
        std::lock_guard const lock{activity_mutex_};
        batch.reserve(activity_.size());
        for (auto const& [id, use] : activity_) batch.push_back(use);
    }
    if (batch.empty()) co_return true;
    auto const written = co_await sessions_.touch(batch);
    if (!written) {
        log_.warn("session_uses_not_written", {{"count", batch.size()}});
        co_return false;
    }
    std::lock_guard const lock{activity_mutex_};
    for (auto const& use : batch) {
        auto const kept = activity_.find(use.id);
        bool const is_same =
            kept != activity_.end() && kept->second.at == use.at && kept->second.address == use.address;
        if (is_same) activity_.erase(kept);
    }
    co_return true;
}

void registry::record_activity(store::session_activity use)
{
    std::lock_guard const lock{activity_mutex_};
    auto& kept = activity_[use.id];
    kept.id = use.id;
    kept.at = std::max(kept.at, use.at);
    if (use.address.empty()) return;
    kept.address = std::move(use.address);
    kept.network = std::move(use.network);
}

std::optional<store::session_activity> registry::pending_activity(store::session_id id) const
{
    std::lock_guard const lock{activity_mutex_};
    auto const kept = activity_.find(id);
    if (kept == activity_.end()) return std::nullopt;
    return kept->second;
}

}  // namespace porter::detail::sessions
