#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

#include "auth/hash_function.hpp"
#include "identity/address.hpp"
#include "porter/error.hpp"

namespace porter::rooms::auth {

/// One piece of work for the hashing threads, and the task that waits for it. It is either run or refused, once.
class hash_job {
public:
    explicit hash_job(identity::address const& from) : from_(from) {}
    virtual ~hash_job() = default;
    hash_job(hash_job const&) = delete;
    hash_job& operator=(hash_job const&) = delete;

    /// Who is to be served by it.
    identity::address const& from() const noexcept { return from_; }

    /// Does the work on the calling thread and resumes the waiting task on the task's own.
    virtual void run(hash_function& function) = 0;
    /// Resumes the waiting task with a failure instead.
    virtual void refuse(failure why) = 0;

private:
    identity::address from_;
};

/// The jobs that wait for a hashing thread, first come first served. Bounded: a queue without an end would keep
/// everybody waiting for those who have long given up. Safe from any thread.
class hash_queue {
public:
    explicit hash_queue(std::size_t limit) : limit_(limit) {}

    /// Takes the job, or leaves it with the caller when the queue is full or closed.
    [[nodiscard]] bool push(std::unique_ptr<hash_job>& job);

    /// Waits for the next job; null: the queue is closed.
    std::unique_ptr<hash_job> pop();

    /// No more jobs come in or out; the waiting ones are handed to the caller.
    std::deque<std::unique_ptr<hash_job>> close();

    std::size_t size() const;

private:
    std::size_t const limit_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::unique_ptr<hash_job>> waiting_;
    bool closed_ = false;
};

}  // namespace porter::rooms::auth
