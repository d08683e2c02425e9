#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <span>

#include "store/records.hpp"

namespace porter::testing {

/// Collects the sessions that a watcher is told of. It outlives the watch.
class endings {
public:
    std::function<void(std::span<rooms::store::session_id const>)> watcher()
    {
        return [this](std::span<rooms::store::session_id const> ended) {
            std::lock_guard const lock{mutex_};
            told_.insert(ended.begin(), ended.end());
            changed_.notify_all();
        };
    }

    /// Waits until this session was told of. False: it was not, and we gave up.
    bool wait_for(rooms::store::session_id id)
    {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return told_.contains(id); });
    }

    std::set<rooms::store::session_id> told()
    {
        std::lock_guard const lock{mutex_};
        return told_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<rooms::store::session_id> told_;
};

}  // namespace porter::testing
