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

/// The jobs that wait for a thread of the store, first come first served. Bounded: who would wait behind thousands
/// is told at once that the store is not available. Safe from any thread; one thread takes.
class job_queue {
public:
    using time = std::chrono::steady_clock::time_point;
    using jobs = std::vector<std::unique_ptr<job>>;

    explicit job_queue(std::size_t limit);
    ~job_queue();

    /// Takes the job, or leaves it with the caller when the queue is full or closed.
    [[nodiscard]] bool try_push(std::unique_ptr<job>& waiting);
    /// Takes a job of the store's own, however full the queue is. The queue is not closed.
    void push(std::unique_ptr<job> waiting);

    /// The waiting jobs, oldest first, `most` of them at most. Waits until there is one, the queue is closed, or it is
    /// `until` (time_point::max(): never).
    jobs take(std::size_t most, time until = time::max());

    /// No job comes in any more.
    void close();
    /// Closed, and every job has been taken.
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
