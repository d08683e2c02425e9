#pragma once

#include <algorithm>
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

namespace porter::detail::auth {

/// Whom a job is for: somebody who proved the account's password from this network before, or anybody.
enum class source : std::uint8_t { unknown, known };

/// One piece of work for the hashing threads, and the task that waits for it. It is either run or refused, once.
class hash_job {
public:
    using ticket = std::uint64_t;

    hash_job(ticket number, identity::address const& from, source who)
        : number_(number), network_(from.network()), source_(who)
    {}
    virtual ~hash_job() = default;
    hash_job(hash_job const&) = delete;
    hash_job& operator=(hash_job const&) = delete;

    /// By what it can be taken out of the queue.
    ticket number() const noexcept { return number_; }
    /// Who is to be served by it.
    std::string const& network() const noexcept { return network_; }
    auth::source source() const noexcept { return source_; }

    /// Does the work on the calling thread and resumes the waiting task on the task's own.
    virtual void run(hash_function& function) = 0;
    /// Resumes the waiting task with a failure instead.
    virtual void reject(error why) = 0;

private:
    ticket number_;
    std::string network_;
    auth::source source_;
};

/// The jobs that wait for a hashing thread, in two shares: those of known sources and those of strangers. In each share
/// a network has one line and the lines take turns, so a network that asks for a hundred waits for a hundred and every
/// other one for its own. Three known jobs are served for one of a stranger, so that thousands of guessing addresses
/// keep no owner out.
///
/// Bounded, for a queue without an end keeps everybody waiting for those who have given up. Half of the places are
/// reserved for each share: anybody can make accounts, and be known by them, so that known jobs may not take the
/// strangers' places, nor the other way round. Places that one share does not use are free for the other. Of one
/// network at most `known_per_network()` jobs wait as known ones; more of them are a stranger's.
///
/// Safe from any thread.
class hash_queue {
public:
    explicit hash_queue(std::size_t limit) : limit_(limit) {}

    /// Takes the job. Where there are too many, the last one of the longest line goes, of the share that has more than
    /// what is reserved for it; that may be this one. Null: none had to go; else the caller refuses the one that is
    /// given.
    [[nodiscard]] std::unique_ptr<hash_job> push(std::unique_ptr<hash_job> job);

    /// Waits for the next job; null: the queue is closed.
    std::unique_ptr<hash_job> pop();

    /// Takes out a job that nobody waits for any more; null: it is not here (any more).
    std::unique_ptr<hash_job> withdraw(hash_job::ticket number);

    /// No more jobs come in or out; the waiting ones are handed to the caller.
    std::vector<std::unique_ptr<hash_job>> close();

    std::size_t size() const;

    /// As many as people behind one address log in with at once: an eighth of the places, 16 of 128.
    std::size_t known_per_network() const noexcept { return std::max<std::size_t>(limit_ / 8, 1); }

private:
    static constexpr unsigned known_turns_per_stranger = 3;

    struct line {
        std::string network;
        std::deque<std::unique_ptr<hash_job>> jobs;  // never empty
    };

    /// Jobs of one standing: a line for each network.
    class share {
    public:
        std::size_t size() const noexcept { return size_; }
        std::size_t size_of(std::string const& network) const;
        void add(std::unique_ptr<hash_job> job);
        /// The first job of the line whose turn it is; only where there is one.
        std::unique_ptr<hash_job> take_next();
        /// Of lines of the same length the one whose turn is last; only where there is one.
        std::unique_ptr<hash_job> take_last_of_longest();
        /// Null: it is not here.
        std::unique_ptr<hash_job> take(hash_job::ticket number);
        void move_all_to(std::vector<std::unique_ptr<hash_job>>& rest);

    private:
        std::deque<line> lines_;  // in the order of their turns; few, for each holds one of few jobs
        std::size_t size_ = 0;
    };

    void add(std::unique_ptr<hash_job> job);
    share& next_share();
    share& fullest_share();

    std::size_t const limit_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    share known_;
    share unknown_;
    unsigned known_in_a_row_ = 0;  // since the last stranger's
    bool closed_ = false;
};

}  // namespace porter::detail::auth
