#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/counter.hpp"
#include "metrics/histogram.hpp"

namespace porter::detail::store {

/// Why operations fail at the moment. Safe from any thread.
class fault {
public:
    /// An operation has failed. Without memory for the problem it has no text.
    void set(std::string_view problem) noexcept
    {
        std::lock_guard const lock{mutex_};
        is_set_.store(true, std::memory_order_relaxed);
        try {
            problem_ = problem;
        } catch (std::bad_alloc const&) {
            problem_.clear();
        }
    }

    /// An operation has succeeded. Costs nothing while there is no fault.
    void clear() noexcept { is_set_.store(false, std::memory_order_relaxed); }

    bool is_set() const noexcept { return is_set_.load(std::memory_order_relaxed); }

    /// The last problem; none: the last operation has succeeded.
    std::optional<std::string> problem() const
    {
        std::lock_guard const lock{mutex_};
        if (!is_set()) return std::nullopt;
        return problem_;
    }

private:
    mutable std::mutex mutex_;  // guards problem_
    std::atomic<bool> is_set_ = false;
    std::string problem_;
};

/// The operations of one kind, changes or look-ups.
struct lane_statistics {
    metrics::histogram latency;  ///< of operations, from the request to the answer, whatever it was
    metrics::counter failed;     ///< operations that were answered with `unavailable`
    metrics::counter batches;    ///< of operations that were done together; 0 on PostgreSQL, which pipelines them
    store::fault fault;          ///< of a store in a file; none of PostgreSQL, whose contact says it
};

/// What a store has done. Outlives the server that reads it; written by the threads of the store.
struct statistics {
    using time = std::chrono::steady_clock::time_point;

    lane_statistics changes;
    lane_statistics lookups;
    /// On PostgreSQL: when the last reading of the journal that was answered was requested. The epoch: never.
    std::atomic<time> journal_read_at{time{}};
};

}  // namespace porter::detail::store
