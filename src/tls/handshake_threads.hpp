#pragma once

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

#include "base/asio.hpp"
#include "tls/engine.hpp"

namespace porter::detail::tls {

/// Answers ClientHellos on threads of its own: a key exchange and a signature compute for some 0.3 ms without a pause,
/// for 4 ms with P-384, and would stop all sessions of an I/O thread meanwhile. The threads are niced, so that the
/// kernel lets I/O threads go first.
///
/// Sites (base::site_of) take turns: a flood of ClientHellos from one of them delays the others' by one step. How many
/// may wait is for the caller to bound (server::tls_handshake_limiter).
///
/// Safe from any thread. It is destroyed when no step is left, or before the io_contexts of the tasks that wait: steps
/// that compute are finished, and those that still wait are withdrawn. Where there is no memory to resume a task the
/// process ends (std::terminate).
class handshake_threads {
public:
    /// `count`: how many, and so many ClientHellos are answered at once. Throws start_error when they cannot be
    /// started.
    explicit handshake_threads(std::size_t count);
    ~handshake_threads();
    handshake_threads(handshake_threads const&) = delete;
    handshake_threads& operator=(handshake_threads const&) = delete;

    /// engine.handshake() on one of the threads, when it is this site's turn; none: it was withdrawn before. Nobody
    /// uses the engine meanwhile. The task goes on on its own executor; its cancellation withdraws the step.
    task<std::optional<engine::progress>> take_step(engine& session, std::string const& site);

    /// Ends the wait of this engine's step; one that computes already, or is not here, goes on.
    void withdraw(engine const& session);

    /// Steps that wait.
    std::size_t waiting() const;

private:
    /// A step, and the task that waits for it.
    struct step {
        engine* session;
        asio::executor_work_guard<io_executor> guard;
        base::resume_handler<std::optional<engine::progress>> waiter;
    };

    using steps = std::list<step>;

    struct queue {
        std::string site;
        steps waiting;  // never empty
    };
    using lines = std::list<queue>;

    struct place {
        lines::iterator in;
        steps::iterator at;
    };

    static void resume(step&& done, std::optional<engine::progress> got);
    void enqueue(step&& added, std::string const& site);
    steps take_out(place from);
    steps pop();
    void run();
    void stop();

    mutable std::mutex mutex_;  // guards what follows, but not the threads
    std::condition_variable changed_;
    lines lines_;  // in the order of their turns
    std::unordered_map<std::string_view, lines::iterator> by_site_;
    std::unordered_map<engine const*, place> jobs_by_engine_;
    bool stopped_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace porter::detail::tls
