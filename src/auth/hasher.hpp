#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "auth/hash_function.hpp"
#include "auth/hash_queue.hpp"
#include "auth/password_check.hpp"
#include "auth/password_list.hpp"
#include "base/hash_cost.hpp"
#include "base/published.hpp"
#include "base/secret.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "metrics/counter.hpp"
#include "metrics/histogram.hpp"
#include "porter/result.hpp"
#include "porter/task.hpp"

namespace porter::detail::auth {

struct hash_options {
    std::size_t threads = 0;                ///< 0: the number of cores - 1, at least 1
    std::size_t memory = 19 * 1024 * 1024;  ///< bytes for one hash (OWASP: at least 19 MiB)
    std::uint32_t ops = 2;                  ///< passes of Argon2id (OWASP: at least 2)
    std::size_t queue_limit = 128;          ///< waiting jobs; more are `busy`
    std::filesystem::path password_list{};  ///< SHA-1 sums of rejected passwords (see password_list); empty: none
};

/// What the hash threads have done. Safe from any thread.
struct hash_statistics {
    metrics::histogram waiting;  ///< of jobs, from the request to their start
    metrics::histogram working;  ///< of jobs, from their start to their end
    metrics::counter rejected;   ///< jobs that the full queue did not take
};

/// Hashes and verifies passwords on its own threads, which run at a lower priority than I/O. Its tasks may be awaited
/// on any I/O thread. Cancelling a task removes its job from the queue, with `busy`; a hash in progress is completed.
///
/// Destroy it before the io_contexts of the tasks that use it: hashes in progress are completed, and waiting tasks
/// resume with `busy`.
class hasher {
public:
    /// Argon2id with the given parameters, which also verifies the hashes of imported accounts (stored_hash). Makes one
    /// hash to measure its time. Throws start_error when libsodium does not support the parameters, there is no memory
    /// for a hash, or the password list is invalid.
    hasher(hash_options options, log::logger& log);

    /// The same with another function; ignores `memory` and `ops`.
    hasher(hash_options options, std::unique_ptr<hash_function> function, log::logger& log);
    ~hasher();
    hasher(hasher const&) = delete;
    hasher& operator=(hasher const&) = delete;

    /// Replaces the password list, for later checks; none: there is no list. From any thread.
    void set_password_list(std::optional<password_list> next);

    /// The text to store for a password, which is normalised. `origin` decides the order in the queue (see hash_queue).
    /// Errors: busy (the queue is full, or no memory for the hash), with the time until a retry makes sense.
    task<result<std::string>> hash(base::secret password, identity::address from, source origin = source::unknown);

    /// The text to store for a new password of the account `name`, after a check of its strength (see weakness()): one
    /// job, so that a registration waits in the queue once. Both texts are normalised. Errors: weak_password, without a
    /// hash; busy, as above.
    task<result<std::string>> hash_new(base::secret password, std::string name, identity::address from, source origin);

    /// Whether the password matches the stored hash; none (there is no account) and an unreadable hash, which is
    /// logged, never match. Computes the same whatever is stored: a hash of the current cost and of the highest others
    /// `in_use` (see check_password()). Logs once when these do not include all costs. Errors: busy, as above, also
    /// when there is no memory for one of the others.
    task<result<bool>> verify(std::optional<std::string> stored, std::vector<base::hash_cost> in_use,
                              base::secret password, identity::address from, source origin = source::unknown);

    /// Why a new password of the account `name` is too weak (see strength_error()) or on the password list; none: it is
    /// not. Runs on a hashing thread. A list that cannot be searched rejects nothing, which is logged. Both texts are
    /// normalised. Errors: busy.
    task<result<std::optional<std::string>>> weakness(base::secret password, std::string name, identity::address from,
                                                      source origin = source::unknown);

    /// Whether a stored hash has other parameters than the current ones, or is of another function. Fast.
    bool needs_rehash(std::string const& stored) const noexcept { return function_->is_stale(stored); }

    ///@{
    /// From any thread.
    hash_statistics const& statistics() const noexcept { return statistics_; }
    std::size_t waiting_jobs() const { return queue_.size(); }
    std::size_t thread_count() const noexcept { return threads_.size(); }
    ///@}

private:
    template <typename Work>
    auto submit(Work& work, identity::address const& from, source origin)
        -> task<std::invoke_result_t<Work&, hash_function&>>;

    std::optional<std::string> check_strength(base::secret const& password, std::string const& name);
    bool is_listed(password_list const& list, base::secret const& password);
    void log_uncovered(cost_cover const& covered);
    void enqueue(std::unique_ptr<hash_job>&& job);
    void withdraw(hash_job::ticket number);
    error busy(std::string_view reason) const noexcept;
    void run();
    void stop();

    log::logger& log_;
    std::unique_ptr<hash_function> function_;
    base::published<std::optional<password_list>> list_{std::nullopt};
    hash_queue queue_;
    hash_statistics statistics_;
    std::atomic<hash_job::ticket> last_ticket_{0};
    std::atomic<std::chrono::nanoseconds::rep> time_per_hash_;  // a moving average over jobs
    std::atomic<bool> logged_uncovered_{false};
    std::atomic<bool> list_fails_{false};  // so that clients cannot fill the log
    std::vector<std::thread> threads_;
};

/// The time that the threads need for this number of jobs, in whole seconds, rounded up, at least 1.
std::chrono::seconds waiting_time(std::size_t jobs, std::size_t threads, std::chrono::nanoseconds per_job) noexcept;

}  // namespace porter::detail::auth
