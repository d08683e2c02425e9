#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "store/records.hpp"

namespace porter::testing {

/// Collects the sessions that a watch reports. Outlives the watch.
class ended_sessions {
public:
    std::function<void(std::span<detail::store::ended_session const>)> watcher()
    {
        return [this](std::span<detail::store::ended_session const> ended) {
            std::lock_guard const lock{mutex_};
            for (auto const& each : ended) {
                ids_.insert(each.id);
                all_.push_back(each);
            }
            changed_.notify_all();
        };
    }

    /// Waits until this session is reported. False: it was not within 20 seconds.
    bool wait_for(detail::store::session_id id)
    {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return ids_.contains(id); });
    }

    std::set<detail::store::session_id> notified()
    {
        std::lock_guard const lock{mutex_};
        return ids_;
    }

    /// The account and the cause of this session, as reported.
    std::string description_of(detail::store::session_id id)
    {
        std::lock_guard const lock{mutex_};
        for (auto const& each : all_) {
            if (each.id == id) return each.account_name + ' ' + each.cause;
        }
        return {};
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<detail::store::session_id> ids_;
    std::vector<detail::store::ended_session> all_;
};

}  // namespace porter::testing
