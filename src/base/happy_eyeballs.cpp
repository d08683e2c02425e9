#include "base/happy_eyeballs.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "base/condition_variable.hpp"

namespace porter::detail::base {
namespace {

using asio::ip::tcp;
using endpoints = std::vector<tcp::endpoint>;
using time_point = condition_variable::time_point;

/// The attempts of one connect_to_first(). Shared with their handlers, which run after it has returned.
class race : public std::enable_shared_from_this<race> {
public:
    race(io_executor executor, endpoints addresses)
        : executor_(executor), addresses_(std::move(addresses)), changed_(executor)
    {}

    bool has_unstarted() const noexcept { return sockets_.size() < addresses_.size(); }
    bool has_failed() const noexcept { return !has_unstarted() && pending_ == 0; }
    tcp_socket* winner() noexcept { return winner_; }
    error_code error() const noexcept { return error_; }
    time_point next_start() const noexcept { return has_unstarted() ? next_start_ : time_point::max(); }

    /// Begins the next attempt.
    void start(time_point now)
    {
        auto const& address = addresses_[sockets_.size()];
        auto& socket = sockets_.emplace_back(executor_);
        error_code failed;
        socket.open(address.protocol(), failed);  // a system may lack a family
        if (failed) return fail(failed);
        next_start_ = now + attempt_delay;
        ++pending_;
        socket.async_connect(address, [self = shared_from_this(), &socket](error_code error) {
            --self->pending_;
            if (error) {
                error_code ignored;
                socket.close(ignored);  // the next attempt may need its descriptor
                self->fail(error);
            } else if (self->winner_ == nullptr) {
                self->winner_ = &socket;
            }
            self->changed_.notify();
        });
    }

    task<void> wait_until(time_point deadline) { return changed_.wait_until(deadline); }

    /// Ends the attempts that are in progress.
    void cancel()
    {
        for (auto& each : sockets_) {
            error_code ignored;  // the winner was moved from
            each.close(ignored);
        }
    }

private:
    void fail(error_code error) noexcept
    {
        error_ = error;
        next_start_ = time_point::min();
    }

    io_executor executor_;
    endpoints addresses_;
    std::deque<tcp_socket> sockets_;  // of the attempts that have begun, in order
    condition_variable changed_;
    std::size_t pending_ = 0;
    time_point next_start_ = time_point::min();
    tcp_socket* winner_ = nullptr;
    error_code error_ = asio::error::host_not_found;
};

struct race_end {
    explicit race_end(race& of) : race_(of) {}
    ~race_end() { race_.cancel(); }
    race_end(race_end const&) = delete;
    race_end& operator=(race_end const&) = delete;

private:
    race& race_;
};

}  // namespace

endpoints interleaved(endpoints const& addresses)
{
    endpoints first;
    endpoints second;
    for (auto const& each : addresses) {
        (each.protocol() == addresses.front().protocol() ? first : second).push_back(each);
    }
    endpoints ordered;
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) ordered.push_back(first[i]);
        if (i < second.size()) ordered.push_back(second[i]);
    }
    return ordered;
}

task<result<tcp_socket, error_code>> connect_to_first(endpoints addresses, time_point deadline)
{
    auto executor = co_await asio::this_coro::executor;
    auto const attempts = std::make_shared<race>(executor, interleaved(addresses));
    race_end const end{*attempts};
    for (;;) {
        if (auto* const connected = attempts->winner()) co_return std::move(*connected);
        if (attempts->has_failed()) co_return unexpected(attempts->error());
        auto const now = std::chrono::steady_clock::now();
        if (now >= deadline) co_return unexpected(error_code{asio::error::timed_out});
        if (now >= attempts->next_start()) {
            attempts->start(now);
        } else {
            co_await attempts->wait_until(std::min(deadline, attempts->next_start()));
        }
    }
}

}  // namespace porter::detail::base
