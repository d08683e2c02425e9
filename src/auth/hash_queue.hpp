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
#include "identity/address.hpp"
#include "porter/error.hpp"

namespace porter::rooms::auth {

/// Whom a job is for: somebody who proved the account's password from this network before, or anybody.
enum class standing : std::uint8_t { stranger, known };

/// One piece of work for the hashing threads, and the task that waits for it. It is either run or refused, once.
class hash_job {
public:
    using ticket = std::uint64_t;

    hash_job(ticket number, identity::address const& from, standing who)
        : number_(number), network_(from.network()), standing_(who)
    {}
    virtual ~hash_job() = default;
    hash_job(hash_job const&) = delete;
    hash_job& operator=(hash_job const&) = delete;

    /// By what it can be taken out of the queue.
    ticket number() const noexcept { return number_; }
    /// Who is to be served by it.
    std::string const& network() const noexcept { return network_; }
    auth::standing standing() const noexcept { return standing_; }

    /// Does the work on the calling thread and resumes the waiting task on the task's own.
    virtual void run(hash_function& function) = 0;
    /// Resumes the waiting task with a failure instead.
    virtual void refuse(failure why) = 0;

private:
    ticket number_;
    std::string network_;
    auth::standing standing_;
};

/// The jobs that wait for a hashing thread. Each network has a line of its own and the lines take turns, so whoever
/// asks for a hundred waits for a hundred and everybody else for one. Whom the account knows goes before strangers, who
/// have one turn in four: thousands of addresses that guess keep nobody from his own door. Bounded: a queue without an
/// end would keep everybody waiting for those who have long given up. Safe from any thread.
class hash_queue {
public:
    explicit hash_queue(std::size_t limit) : limit_(limit) {}

    /// Takes the job. Where there are too many, the last one of the longest line has to go, a stranger's as long as
    /// there is one; that may be this one. Null: nobody had to; else the caller refuses the one that is given.
    [[nodiscard]] std::unique_ptr<hash_job> push(std::unique_ptr<hash_job> job);

    /// Waits for the next job; null: the queue is closed.
    std::unique_ptr<hash_job> pop();

    /// Takes out a job that nobody waits for any more; null: it is not here (any more).
    std::unique_ptr<hash_job> withdraw(hash_job::ticket number);

    /// No more jobs come in or out; the waiting ones are handed to the caller.
    std::vector<std::unique_ptr<hash_job>> close();

    std::size_t size() const;

private:
    static constexpr unsigned turns_a_stranger_waits = 3;

    struct line {
        std::string network;
        auth::standing standing;
        std::deque<std::unique_ptr<hash_job>> jobs;  // never empty
    };

    using lines = std::deque<line>;
    void add(std::unique_ptr<hash_job> job);
    lines::iterator next_line();
    std::unique_ptr<hash_job> take_last_of_longest();

    std::size_t const limit_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    lines lines_;  // in the order of their turns; few, for each holds one of few jobs
    std::size_t size_ = 0;
    unsigned turns_of_known_ = 0;  // since the last stranger's
    bool closed_ = false;
};

}  // namespace porter::rooms::auth
