#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>

#include "store/statistics.hpp"

namespace porter::detail::store::sqlite {

class job;

/// The jobs that wait for a thread of the store, in order. Bounded: a job that would wait behind thousands fails at
/// once. Safe from any thread; one thread takes. Allocates nothing, because neither the threads of the store nor the
/// initiation of a task could handle std::bad_alloc: the caller makes the list of one job.
class job_queue {
public:
    using time = std::chrono::steady_clock::time_point;
    using jobs = std::list<std::unique_ptr<job>>;

    /// `statistics` are of the operations that pass through it, and outlive it.
    job_queue(std::size_t limit, lane_statistics& statistics);
    ~job_queue();

    /// Takes over the one job of the list. False: the queue is full or closed, and the caller keeps the job.
    [[nodiscard]] bool try_push(jobs& waiting);
    /// Takes over the one job of the list, which is the store's own, regardless of the limit. The queue is not closed.
    void push(jobs& waiting);

    /// Takes up to `most` jobs, oldest first. Waits until there is one, the queue is closed, or `until`
    /// (time_point::max(): no time limit).
    jobs take(std::size_t most, time until = time::max());

    /// Accepts no more jobs.
    void close();
    /// Whether the queue is closed and empty.
    bool is_finished() const;

    lane_statistics& statistics() noexcept { return statistics_; }
    /// Counts a batch of jobs that have their outcome, which is before each of them finishes.
    void count(jobs const& done) noexcept;

private:
    void add(jobs& waiting);

    std::size_t const limit_;
    lane_statistics& statistics_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    jobs pending_;
    bool closed_ = false;
};

}  // namespace porter::detail::store::sqlite
