// When and from where sessions are used: noted in memory, and written in batches.
#include <algorithm>
#include <utility>

#include "sessions/registry.hpp"

namespace porter::rooms::sessions {

void registry::note_uses(std::span<store::session_id const> live)
{
    auto const now = clock_.now();
    for (auto const id : live) note_use({id, now, {}, {}});
}

task<void> registry::write_uses()
{
    co_await flush_uses();
}

task<bool> registry::flush_uses()
{
    std::vector<store::session_use> batch;
    {
        std::lock_guard const lock{uses_mutex_};
        batch.reserve(uses_.size());
        for (auto const& [id, use] : uses_) batch.push_back(use);
    }
    if (batch.empty()) co_return true;
    auto const written = co_await sessions_.touch(batch);
    if (!written) {
        log_.warn("session_uses_not_written", {{"count", batch.size()}});
        co_return false;
    }
    std::lock_guard const lock{uses_mutex_};
    for (auto const& use : batch) {
        auto const kept = uses_.find(use.id);
        bool const is_same = kept != uses_.end() && kept->second.at == use.at && kept->second.address == use.address;
        if (is_same) uses_.erase(kept);
    }
    co_return true;
}

void registry::note_use(store::session_use use)
{
    std::lock_guard const lock{uses_mutex_};
    auto& kept = uses_[use.id];
    kept.id = use.id;
    kept.at = std::max(kept.at, use.at);
    if (use.address.empty()) return;
    kept.address = std::move(use.address);
    kept.network = std::move(use.network);
}

std::optional<store::session_use> registry::noted(store::session_id id) const
{
    std::lock_guard const lock{uses_mutex_};
    auto const kept = uses_.find(id);
    if (kept == uses_.end()) return std::nullopt;
    return kept->second;
}

}  // namespace porter::rooms::sessions
