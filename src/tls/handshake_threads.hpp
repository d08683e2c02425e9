#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/suspended_task.hpp"
#include "metrics/histogram.hpp"
#include "porter/task.hpp"
#include "tls/engine.hpp"

namespace porter::detail::tls {

/// Processes ClientHellos on its own threads: a key exchange and a signature take some 0.3 ms of CPU time, 4 ms with
/// P-384, and would block all sessions of an I/O thread. The threads have a higher nice value than I/O threads, so that
/// the kernel prefers those.
///
/// Sites (base::site_of) are served round robin: a flood of ClientHellos from one site delays another's by one step.
/// The caller limits the number of pending steps (server::tls_handshake_limiter).
///
/// Safe from any thread. Destroy it when no step is left, or before the io_contexts of the waiting tasks: running steps
/// are finished, queued ones are withdrawn.
class handshake_threads {
public:
    /// `count`: the number of threads, and of ClientHellos processed at once. Throws start_error if they cannot be
    /// started.
    explicit handshake_threads(std::size_t count);
    ~handshake_threads();
    handshake_threads(handshake_threads const&) = delete;
    handshake_threads& operator=(handshake_threads const&) = delete;

    /// Calls session.handshake() on one of the threads, in the site's turn; none: it was withdrawn, or there was no
    /// memory for it. Do not use the engine until it returns. The task resumes on its own executor; its cancellation
    /// withdraws the step.
    task<std::optional<engine::progress>> run_step(engine& session, std::string const& site);

    /// Removes this engine's step and resumes its task, if the step is queued; does nothing if it is running or
    /// unknown.
    void withdraw(engine const& session);

    /// The number of queued steps.
    std::size_t pending() const;

    ///@{
    /// How long steps waited in the queue, and how long they took. From any thread.
    metrics::histogram const& waiting() const noexcept { return waiting_; }
    metrics::histogram const& working() const noexcept { return working_; }
    ///@}

private:
    /// One call of handshake(), and the task that waits for it.
    struct step {
        engine* session;
        base::suspended_task<std::optional<engine::progress>> waiter;
        std::chrono::steady_clock::time_point made_at;
    };

    using step_list = std::list<step>;

    struct queue {
        std::string site;
        step_list steps;  // never empty
    };
    using queue_list = std::list<queue>;

    struct position {
        queue_list::iterator owner;
        step_list::iterator entry;
    };

    /// Takes over the one step of the list. Throws std::bad_alloc; then the caller keeps it.
    void enqueue(step_list& added, std::string const& site);
    queue_list::iterator queue_of(std::string const& site);
    step_list remove(position from);
    step_list pop();
    void run();
    void stop();

    mutable std::mutex mutex_;  // guards the members below except the last three
    std::condition_variable changed_;
    queue_list queues_;  // the next one is first
    std::unordered_map<std::string_view, queue_list::iterator> by_site_;
    std::unordered_map<engine const*, position> positions_;
    bool stopped_ = false;
    metrics::histogram waiting_;
    metrics::histogram working_;
    std::vector<std::thread> threads_;
};

}  // namespace porter::detail::tls
