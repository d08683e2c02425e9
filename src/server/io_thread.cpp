#include "server/io_thread.hpp"

#include <algorithm>
#include <utility>

#include "server/peer.hpp"

namespace porter::rooms::server {

io_thread::io_thread(asio::io_context& io, base::clock const& clock, buffer_limiter& memory,
                     std::chrono::milliseconds tick)
    : executor_(io.get_executor()), clock_(clock), memory_(memory), turns_(executor_), tick_(tick), timer_(executor_)
{}

io_thread::~io_thread()
{
    assert(first_ == nullptr);  // peers live in coroutines that refer to this
}

void io_thread::enter(peer& who)
{
    unsettled_.emplace(who.address().connection(), &who);
    who.entered_ = true;
    who.after_ = first_;
    if (first_ != nullptr) first_->before_ = &who;
    first_ = &who;
    // A connection that was accepted while the house was closing hears so at once.
    if (stopping_) who.interrupt(ending::by_us(code::shutting_down));
}

void io_thread::settle(peer const& who)
{
    unsettled_.erase(who.address().connection());
}

void io_thread::leave(peer& who)
{
    settle(who);
    if (who.before_ != nullptr) {
        who.before_->after_ = who.after_;
    } else {
        first_ = who.after_;
    }
    if (who.after_ != nullptr) who.after_->before_ = who.before_;
    if (stopping_ && first_ == nullptr) timer_.cancel();
}

void io_thread::report_health_checks(log::logger& log)
{
    constexpr std::size_t usual = 60;  // a minute: one a second
    auto const count = std::exchange(health_checks_, 0);
    if (count > usual) log.info("silent_connections", {{"count", count}});
}

task<void> io_thread::watch()
{
    while (!stopping_ || first_ != nullptr) {
        timer_.expires_after(tick_);
        co_await base::run_out(timer_);  // or cut short by leave() or stop(): look again
        auto const now = std::chrono::steady_clock::now();
        auto const wall = clock_.now();
        for (peer* each = first_; each != nullptr; each = each->after_) each->check(now, wall);
        buffers_.shrink();
    }
}

void io_thread::stop()
{
    stopping_ = true;
    for (peer* each = first_; each != nullptr; each = each->after_) each->interrupt(ending::by_us(code::shutting_down));
    timer_.cancel();
}

void io_thread::cut_all()
{
    for (peer* each = first_; each != nullptr; each = each->after_) each->cut();
}

void io_thread::evict(std::uint64_t connection)
{
    auto const found = unsettled_.find(connection);
    if (found != unsettled_.end()) found->second->evict();
}

void io_thread::end_sessions(std::span<store::session_id const> ended)
{
    for (peer* each = first_; each != nullptr; each = each->after_) {
        auto const mine = each->session();
        if (mine != 0 && std::binary_search(ended.begin(), ended.end(), mine)) {
            each->interrupt(ending::by_us(code::session_ended));
        }
    }
}

std::vector<store::session_id> io_thread::sessions() const
{
    std::vector<store::session_id> found;
    for (peer const* each = first_; each != nullptr; each = each->after_) {
        if (each->session() != 0) found.push_back(each->session());
    }
    return found;
}

void call_out(holder const& who)
{
    asio::post(who.thread->executor(), [who] { who.thread->evict(who.connection); });
}

}  // namespace porter::rooms::server
