#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "auth/hash_function.hpp"
#include "identity/address.hpp"
#include "porter/error.hpp"

namespace porter::detail::auth {

/// Where a job comes from: a network that is known to the account, or any other.
enum class source : std::uint8_t { unknown, known };

/// Work for the hashing threads and the task that waits for it. Either run() or reject() is called, once.
class hash_job {
public:
    using ticket = std::uint64_t;

    hash_job(ticket number, identity::address const& from, source origin)
        : number_(number), network_(from.network()), source_(origin)
    {}
    virtual ~hash_job() = default;
    hash_job(hash_job const&) = delete;
    hash_job& operator=(hash_job const&) = delete;

    /// Identifies the job for hash_queue::withdraw().
    ticket number() const noexcept { return number_; }
    /// The network that is served by it.
    std::string const& network() const noexcept { return network_; }
    auth::source source() const noexcept { return source_; }
    std::chrono::steady_clock::time_point made_at() const noexcept { return made_at_; }

    /// Does the work on the calling thread and resumes the task on its own thread. Throws std::bad_alloc; then the task
    /// was not resumed.
    virtual void run(hash_function& function) = 0;
    /// Resumes the task with an error instead.
    virtual void reject(error reason) noexcept = 0;

private:
    ticket number_;
    std::string network_;
    auth::source source_;
    std::chrono::steady_clock::time_point made_at_ = std::chrono::steady_clock::now();
};

/// The jobs that wait for a hashing thread, in two shares: known and unknown sources. Each share has a queue for each
/// network and serves them in rotation, so the jobs of a network wait mainly for its own. Three known jobs are served
/// for each unknown one, so that thousands of guessing addresses do not keep the owners of accounts out.
///
/// Bounded, because the clients of a long queue give up before they are served. Half of the capacity is reserved for
/// each share, because any client can register an account and become known to it; a share may use capacity that the
/// other does not. At most `known_per_network()` jobs of a network wait as known ones; further ones count as unknown.
///
/// Safe from any thread. Only push() allocates: a hashing thread could not handle std::bad_alloc.
class hash_queue {
public:
    using jobs = std::list<std::unique_ptr<hash_job>>;

    explicit hash_queue(std::size_t limit) : limit_(limit) {}

    /// Adds a job. When the queue is over its limit, returns the last job of the longest network queue of the share
    /// that exceeds its reserve, possibly this one, for the caller to reject; otherwise null. Throws std::bad_alloc;
    /// then the caller keeps the job.
    [[nodiscard]] std::unique_ptr<hash_job> push(std::unique_ptr<hash_job>&& job);

    /// Waits for the next job; null: the queue is closed.
    std::unique_ptr<hash_job> pop();

    /// Removes a job; null: it is not in the queue.
    std::unique_ptr<hash_job> withdraw(hash_job::ticket number);

    /// Accepts and returns no more jobs; hands the waiting ones to the caller.
    jobs close();

    std::size_t size() const;

    /// An eighth of the limit, 16 of 128: enough for the users behind one address.
    std::size_t known_per_network() const noexcept { return std::max<std::size_t>(limit_ / 8, 1); }

private:
    static constexpr unsigned known_per_unknown = 3;

    struct network_queue {
        std::string network;
        hash_queue::jobs jobs;  // never empty
    };

    /// The jobs of one source: a queue for each network.
    class share {
    public:
        std::size_t size() const noexcept { return size_; }
        std::size_t size_of(std::string const& network) const;
        void add(std::unique_ptr<hash_job>&& job);
        /// The first job of the next network. Requires size() > 0.
        std::unique_ptr<hash_job> take_next();
        /// The last job of the longest queue, the later one of equals. Requires size() > 0.
        std::unique_ptr<hash_job> take_last_of_longest();
        /// Null: it is not in this share.
        std::unique_ptr<hash_job> take(hash_job::ticket number);
        void move_all_to(jobs& rest) noexcept;

    private:
        std::list<network_queue> networks_;  // in rotation; at most as many as jobs
        std::size_t size_ = 0;
    };

    void add(std::unique_ptr<hash_job>&& job);
    share& next_share();
    share& fullest_share();

    std::size_t const limit_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    share known_;
    share unknown_;
    unsigned known_in_a_row_ = 0;  // since the last unknown one
    bool closed_ = false;
};

}  // namespace porter::detail::auth
