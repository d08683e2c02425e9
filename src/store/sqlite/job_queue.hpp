#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace porter::detail::store::sqlite {

class job;

/// The jobs that wait for a thread of the store, in order. Bounded: a job that would wait behind thousands fails at
/// once. Safe from any thread; one thread takes.
class job_queue {
public:
    using time = std::chrono::steady_clock::time_point;
    using jobs = std::vector<std::unique_ptr<job>>;

    explicit job_queue(std::size_t limit);
    ~job_queue();

    /// Adds the job. False: the queue is full or closed, and the caller keeps the job.
    [[nodiscard]] bool try_push(std::unique_ptr<job>& waiting);
    /// Adds a job of the store itself, regardless of the limit. The queue is not closed.
    void push(std::unique_ptr<job> waiting);

    /// Takes up to `most` jobs, oldest first. Waits until there is one, the queue is closed, or `until`
    /// (time_point::max(): no time limit).
    jobs take(std::size_t most, time until = time::max());

    /// Accepts no more jobs.
    void close();
    /// Whether the queue is closed and empty.
    bool is_finished() const;

private:
    void add(std::unique_ptr<job> waiting);

    std::size_t const limit_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::unique_ptr<job>> pending_;
    bool closed_ = false;
};

}  // namespace porter::detail::store::sqlite
