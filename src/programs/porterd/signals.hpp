#pragma once

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <functional>

namespace porter::programs {

/// From here on a SIGHUP that comes before there is a log to reopen is no reason to die: a reload may meet a start that
/// takes its time, as a large migration does. SIGTERM and SIGINT still end the start.
void ignore_hangups();

/// What signals do to a running porterd: SIGHUP calls `reopen`; the first SIGTERM or SIGINT calls `stop`, and a second
/// one ends the process at once with exit code 0, also when no thread takes up work any more. Committed work is in the
/// database by then; lines of the log may be lost. Signals are held from construction on and handled when the
/// io_context runs.
class signals {
public:
    signals(asio::io_context& io, std::function<void()> stop, std::function<void()> reopen);
    /// From then on SIGHUP is ignored, and SIGTERM and SIGINT end the process at once, with exit code 0.
    ~signals();
    signals(signals const&) = delete;
    signals& operator=(signals const&) = delete;

    /// It stops by itself: the next SIGTERM or SIGINT is the second one.
    void stopping();

private:
    void wait_for_end();
    void wait_for_rotation();

    std::function<void()> stop_;
    std::function<void()> reopen_;
    asio::signal_set end_;
    asio::signal_set rotation_;
    bool ending_ = false;
};

}  // namespace porter::programs
