#include "server/acceptor.hpp"

#include <algorithm>
#include <new>

namespace porter::detail::server {
namespace {

constexpr std::chrono::milliseconds shortest_pause{10};
constexpr std::chrono::milliseconds longest_pause{1000};

}  // namespace

acceptor::acceptor(base::tcp_acceptor listening, std::span<worker* const> workers, log::logger& log)
    : acceptor_(std::move(listening)),
      endpoint_(acceptor_.local_endpoint()),
      workers_(workers.begin(), workers.end()),
      log_(log),
      timer_(acceptor_.get_executor())
{}

task<void> acceptor::accept_all(accept_handler const& deliver)
{
    while (!stopped_) {
        auto& thread = next_worker();
        stream socket{thread.executor()};
        asio::ip::tcp::endpoint from;
        auto [failed] = co_await acceptor_.async_accept(socket, from, base::use_tuple);
        if (stopped_) co_return;
        if (failed) {
            co_await back_off(failed);
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
        if (!let_in) co_await back_off(asio::error::no_memory);
    }
}

void acceptor::stop()
{
    stopped_ = true;
    base::error_code ignored;  // closed already
    acceptor_.close(ignored);
    timer_.cancel();
}

worker& acceptor::next_worker()
{
    next_ = (next_ + 1) % workers_.size();
    return *workers_[next_];
}

task<void> acceptor::back_off(base::error_code const& failed)
{
    auto const now = std::chrono::steady_clock::now();
    if (now - logged_at_ >= longest_pause) {
        logged_at_ = now;
        log_.warn("accept_failed", {{"why", failed.message()}});
    }
    pause_ = std::clamp(pause_ * 2, shortest_pause, longest_pause);
    timer_.expires_after(pause_);
    co_await base::wait_for_expiry(timer_);  // or cut short by stop(), which the caller looks at
}

}  // namespace porter::detail::server
