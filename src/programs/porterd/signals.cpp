#include "programs/porterd/signals.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>

namespace porter::programs {
namespace {

extern "C" void exit_at_once(int)
{
    ::_exit(0);
}

}  // namespace

void ignore_hangups()
{
    std::signal(SIGHUP, SIG_IGN);
}

void exit_on_termination()
{
    struct sigaction action{};
    action.sa_handler = exit_at_once;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

signals::signals(asio::io_context& io, std::function<void()> stop, std::function<void()> reload)
    : stop_(std::move(stop)), reload_(std::move(reload)), termination_(io, SIGINT, SIGTERM), hangup_(io, SIGHUP)
{
    wait_for_termination();
    wait_for_hangup();
}

signals::~signals()
{
    // Signals during the destruction of the server must not change the exit code: by default they would kill.
    asio::error_code ignored;
    termination_.clear(ignored);
    hangup_.clear(ignored);
    exit_on_termination();
    ignore_hangups();
}

void signals::wait_for_termination()
{
    termination_.async_wait([this](asio::error_code error, int) {
        if (error) return;
        set_stopping();
        stop_();
    });
}

void signals::set_stopping()
{
    is_stopping_ = true;
    termination_.cancel();  // so that the io_context runs out of work
    hangup_.cancel();
    exit_on_termination();  // Asio's handlers would wait for the io_context
}

void signals::wait_for_hangup()
{
    hangup_.async_wait([this](asio::error_code error, int) {
        if (error || is_stopping_) return;  // a handler that is already queued cannot be cancelled
        reload_();
        wait_for_hangup();
    });
}

}  // namespace porter::programs
