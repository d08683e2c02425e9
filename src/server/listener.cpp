#include "server/listener.hpp"

#include <algorithm>
#include <new>

namespace porter::rooms::server {
namespace {

constexpr std::chrono::milliseconds shortest_pause{10};
constexpr std::chrono::milliseconds longest_pause{1000};

}  // namespace

listener::listener(base::tcp_acceptor acceptor, std::span<io_thread* const> threads, log::logger& log)
    : acceptor_(std::move(acceptor)),
      endpoint_(acceptor_.local_endpoint()),
      threads_(threads.begin(), threads.end()),
      log_(log),
      timer_(acceptor_.get_executor())
{}

task<void> listener::accept_all(receiver const& deliver)
{
    while (!stopped_) {
        auto& thread = next_thread();
        stream socket{thread.executor()};
        asio::ip::tcp::endpoint from;
        auto [failed] = co_await acceptor_.async_accept(socket, from, base::use_tuple);
        if (stopped_) co_return;
        if (failed) {
            co_await pause_after(failed);
            continue;
        }
        pause_ = {};
        // What is ready to be read may turn out not to be (a late event of the descriptor's last owner is enough): a
        // read that then waited would stop everybody on its thread.
        base::error_code ignored;
        socket.non_blocking(true, ignored);
        bool let_in = false;
        try {
            deliver(std::move(socket), identity::address{from.address()}, thread);
            let_in = true;
        } catch (std::bad_alloc const&) {
            // This one is lost; the next ones are not, when there is memory again.
        }
        if (!let_in) co_await pause_after(asio::error::no_memory);
    }
}

void listener::stop()
{
    stopped_ = true;
    base::error_code ignored;  // closed already
    acceptor_.close(ignored);
    timer_.cancel();
}

io_thread& listener::next_thread()
{
    turn_ = (turn_ + 1) % threads_.size();
    return *threads_[turn_];
}

task<void> listener::pause_after(base::error_code const& failed)
{
    auto const now = std::chrono::steady_clock::now();
    if (now - logged_at_ >= longest_pause) {
        logged_at_ = now;
        log_.warn("accept_failed", {{"why", failed.message()}});
    }
    pause_ = std::clamp(pause_ * 2, shortest_pause, longest_pause);
    timer_.expires_after(pause_);
    co_await base::run_out(timer_);  // or cut short by stop(), which the caller looks at
}

}  // namespace porter::rooms::server
