#include "programs/porterd/signals.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>

namespace porter::programs {
namespace {

extern "C" void end_at_once(int)
{
    ::_exit(0);
}

/// In place of Asio's handlers, which would wait for a thread to be free.
void end_at_the_next_one()
{
    struct sigaction action{};
    action.sa_handler = end_at_once;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

void ignore_hangups()
{
    std::signal(SIGHUP, SIG_IGN);
}

signals::signals(asio::io_context& io, std::function<void()> stop, std::function<void()> reopen)
    : stop_(std::move(stop)), reopen_(std::move(reopen)), end_(io, SIGINT, SIGTERM), rotation_(io, SIGHUP)
{
    wait_for_end();
    wait_for_rotation();
}

signals::~signals()
{
    // What comes while the process takes itself apart does not change how it ended: no longer held, it would kill.
    asio::error_code ignored;
    end_.clear(ignored);
    rotation_.clear(ignored);
    end_at_the_next_one();
    ignore_hangups();
}

void signals::wait_for_end()
{
    end_.async_wait([this](asio::error_code error, int) {
        if (error) return;
        stopping();
        stop_();
    });
}

void signals::stopping()
{
    ending_ = true;
    end_.cancel();  // so that the io_context runs out of work
    rotation_.cancel();
    end_at_the_next_one();
}

void signals::wait_for_rotation()
{
    rotation_.async_wait([this](asio::error_code error, int) {
        if (error || ending_) return;  // one that came together with the end is past cancelling
        reopen_();
        wait_for_rotation();
    });
}

}  // namespace porter::programs
