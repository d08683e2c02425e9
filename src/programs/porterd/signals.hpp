#pragma once

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <functional>

namespace porter::programs {

/// Ignores SIGHUP until there is a log to reopen: a reload may occur during a long start, such as a large migration.
void ignore_hangups();

/// From then on SIGTERM and SIGINT exit at once with 0, as they do after a start: by default they would kill, also in
/// the moment between the first line of the log and the handlers of `signals`.
void exit_on_termination();

/// Handles the signals of a running porterd. SIGHUP calls `reload`; the first SIGTERM or SIGINT calls `stop`; a second
/// one exits at once with 0, even if all threads are blocked. Committed work is in the database by then; lines of the
/// log may be lost. Signals are held from construction on and handled when the io_context runs.
class signals {
public:
    signals(asio::io_context& io, std::function<void()> stop, std::function<void()> reload);
    /// From then on SIGHUP is ignored, and SIGTERM and SIGINT exit at once with 0.
    ~signals();
    signals(signals const&) = delete;
    signals& operator=(signals const&) = delete;

    /// The server stops by itself: the next SIGTERM or SIGINT counts as the second.
    void set_stopping();

private:
    void wait_for_termination();
    void wait_for_hangup();

    std::function<void()> stop_;
    std::function<void()> reload_;
    asio::signal_set termination_;
    asio::signal_set hangup_;
    bool is_stopping_ = false;
};

}  // namespace porter::programs
