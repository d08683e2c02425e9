#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "auth/hash_function.hpp"
#include "auth/recent_demand.hpp"
#include "identity/address.hpp"
#include "porter/error.hpp"

namespace porter::rooms::auth {

/// One piece of work for the hashing threads, and the task that waits for it. It is either run or refused, once.
class hash_job {
public:
    using ticket = std::uint64_t;

    hash_job(ticket number, identity::address const& from) : number_(number), network_(from.network()) {}
    virtual ~hash_job() = default;
    hash_job(hash_job const&) = delete;
    hash_job& operator=(hash_job const&) = delete;

    /// By what it can be taken out of the queue.
    ticket number() const noexcept { return number_; }
    /// Who is to be served by it.
    std::string const& network() const noexcept { return network_; }

    /// Does the work on the calling thread and resumes the waiting task on the task's own.
    virtual void run(hash_function& function) = 0;
    /// Resumes the waiting task with a failure instead.
    virtual void refuse(failure why) = 0;

private:
    ticket number_;
    std::string network_;
};

/// The jobs that wait for a hashing thread. Each network has a line of its own, and the lines take turns: first those
/// that have asked least of late, by powers of two. So whoever asks for a hundred waits for a hundred, and whoever
/// comes once waits for nobody who keeps coming, not even for thousands of them. Bounded: a queue without an end would
/// keep everybody waiting for those who have long given up. Safe from any thread.
class hash_queue {
public:
    using time_point = recent_demand::time_point;

    explicit hash_queue(std::size_t limit) : limit_(limit) {}

    /// Takes the job, at the time `now`. Where there are too many, one has to go, and that may be this one: the last
    /// one of those that have asked most of late, of the longest of their lines. Null: nobody had to; else the caller
    /// refuses the one that is given.
    [[nodiscard]] std::unique_ptr<hash_job> push(std::unique_ptr<hash_job> job, time_point now);

    /// Waits for the next job; null: the queue is closed.
    std::unique_ptr<hash_job> pop();

    /// Takes out a job that nobody waits for any more; null: it is not here (any more).
    std::unique_ptr<hash_job> withdraw(hash_job::ticket number);

    /// No more jobs come in or out; the waiting ones are handed to the caller.
    std::vector<std::unique_ptr<hash_job>> close();

    std::size_t size() const;

private:
    struct line {
        std::string network;
        int rank = 0;                                // the greater, the more it has asked of late
        std::deque<std::unique_ptr<hash_job>> jobs;  // never empty
    };

    line& line_of(std::string const& network);
    std::unique_ptr<hash_job> take_surplus();

    std::size_t const limit_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    recent_demand demand_;
    std::deque<line> lines_;  // in the order of their turns; few, for each holds one of few jobs
    std::size_t size_ = 0;
    bool closed_ = false;
};

}  // namespace porter::rooms::auth
