#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "auth/hash_function.hpp"
#include "auth/hash_queue.hpp"
#include "auth/password_check.hpp"
#include "auth/password_list.hpp"
#include "base/hash_cost.hpp"
#include "base/secret.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/error.hpp"
#include "porter/task.hpp"

namespace porter::detail::auth {

struct hash_options {
    std::size_t threads = 0;                ///< 0: the machine's cores - 1, at least 1
    std::size_t memory = 19 * 1024 * 1024;  ///< bytes for one hash (OWASP: at least 19 MiB)
    std::uint32_t ops = 2;                  ///< passes of Argon2id (OWASP: at least 2)
    std::size_t queue_limit = 128;          ///< jobs that may wait: more are answered `busy`
    std::filesystem::path password_list{};  ///< SHA-1 sums of passwords that are refused (see password_list); or none
};

/// Hashes and verifies passwords on its own few threads, which are named and niced so that talk goes first. Its tasks
/// may be awaited on any I/O thread. Cancelling a task takes it out of the queue, with `busy`; a hash that is under way
/// is finished first.
///
/// It is destroyed before the io_contexts of the tasks that use it: hashes under way are finished, and tasks that
/// still wait are answered `busy`.
class hasher {
public:
    /// Argon2id with the given parameters. Makes one hash, to know how long it takes. Throws start_error when libsodium
    /// does not do it, there is no memory for one hash, or the password list is none.
    hasher(hash_options rules, log::logger& log);

    /// The same with another function; `memory` and `ops` of the options mean nothing then.
    hasher(hash_options rules, std::unique_ptr<hash_function> function, log::logger& log);
    ~hasher();
    hasher(hasher const&) = delete;
    hasher& operator=(hasher const&) = delete;

    /// Those whom the account knows wait for one another at most, and for one stranger in between (see hash_queue).
    /// The text to store for a password. `password` is hashed as it is: normalise it before.
    /// Errors: busy (the queue is full, or no memory for the hash), with the time until it is worth another try.
    task<result<std::string>> hash(base::secret password, identity::address from, source who = source::unknown);

    /// The text to store for a new password of the account `name`, which is judged first (see why_weak): one job, so
    /// that a registration waits in the queue once. Both texts are normalised. Errors: weak_password, and then nothing
    /// is hashed; busy, as above.
    task<result<std::string>> hash_new(base::secret password, std::string name, identity::address from, source who);

    /// Whether the password is the one of the stored hash; none: there is no account, and the answer is no. Computes
    /// the same whatever is stored: a hash of today's cost and of the dearest others `in_use` (see check_password).
    /// Logs a stored hash that cannot be read, to which the answer is no, and once that not all costs are covered.
    /// Errors: busy, as above, also when there is no memory for one of the others.
    task<result<bool>> verify(std::optional<std::string> stored, std::vector<base::hash_cost> in_use,
                              base::secret password, identity::address from, source who = source::unknown);

    /// Why a new password of the account `name` is refused, or none: it is guessable (see why_guessable) or on the
    /// password list. Takes too long for an I/O thread. Where the list cannot be searched it refuses nothing, which is
    /// logged. Both texts are normalised. Errors: busy.
    task<result<std::optional<std::string>>> weakness(base::secret password, std::string name, identity::address from,
                                                      source who = source::unknown);

    /// Whether a stored hash was made with other parameters than today's. Cheap.
    bool needs_rehash(std::string const& stored) const noexcept { return function_->is_stale(stored); }

private:
    template <typename Work>
    auto submit(Work& work, identity::address const& from, source who)
        -> task<std::invoke_result_t<Work&, hash_function&>>;

    std::optional<std::string> check_strength(base::secret const& password, std::string const& name);
    bool is_in_password_list(base::secret const& password);
    void log_uncovered(cost_cover const& covered);
    void enqueue(std::unique_ptr<hash_job> job);
    void withdraw(hash_job::ticket number);
    error busy(std::string reason) const;
    void run();
    void stop();

    log::logger& log_;
    std::unique_ptr<hash_function> function_;
    std::optional<password_list> list_;
    hash_queue queue_;
    std::atomic<hash_job::ticket> last_ticket_{0};
    std::atomic<std::chrono::nanoseconds::rep> time_per_hash_;  // a moving average, of jobs
    std::atomic<bool> logged_uncovered_{false};
    std::atomic<bool> list_fails_{false};  // so that peers cannot fill the log with it
    std::vector<std::thread> threads_;
};

/// How long a queue of this many jobs keeps the threads busy, in whole seconds, rounded up, at least 1.
std::chrono::seconds waiting_time(std::size_t jobs, std::size_t threads, std::chrono::nanoseconds per_job) noexcept;

}  // namespace porter::detail::auth
