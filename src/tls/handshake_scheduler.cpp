#include "tls/handshake_scheduler.hpp"

#include <iterator>

namespace porter::rooms::tls {

using std::chrono::steady_clock;

handshake_scheduler::turn::~turn()
{
    if (scheduler_ != nullptr) scheduler_->finish(steady_clock::now() - begun_);
}

task<handshake_scheduler::turn> handshake_scheduler::take_turn(std::string const& site, step which)
{
    if (is_taken_) {
        auto& line = which == step::first ? first_ : next_;
        co_await base::suspended([&](base::resumption<> waiter) { line.push(site, std::move(waiter)); });
    }
    is_taken_ = true;
    co_return turn{*this};
}

void handshake_scheduler::finish(steady_clock::duration took)
{
    not_before_ = steady_clock::now() + took;
    // The first lets the event loop look for what became ready during the step, the second lets that run.
    asio::post(executor_, [this] { asio::post(executor_, [this] { choose(); }); });
}

void handshake_scheduler::choose()
{
    bool const sessions_are_active = std::exchange(messages_before_, messages_) != messages_;
    if (waiting() == 0 || !sessions_are_active || steady_clock::now() >= not_before_) return grant();
    timer_.expires_at(not_before_);
    timer_.async_wait([this](base::error_code cancelled) {
        if (!cancelled) grant();
    });
}

void handshake_scheduler::grant()
{
    if (waiting() == 0) {
        is_taken_ = false;
        return;
    }
    auto next = (next_.size() > 0 ? next_ : first_).pop();
    std::move(next)();
}

void handshake_scheduler::queue::push(std::string const& site, base::resumption<> waiter)
{
    auto const own = by_site_.find(site);
    if (own != by_site_.end()) {
        own->second->tasks.push_back(std::move(waiter));
    } else {
        line added{site, {}};
        added.tasks.push_back(std::move(waiter));
        lines_.push_back(std::move(added));
        by_site_.emplace(lines_.back().site, std::prev(lines_.end()));
    }
    ++size_;
}

base::resumption<> handshake_scheduler::queue::pop()
{
    auto const first = lines_.begin();
    auto next = std::move(first->tasks.front());
    first->tasks.pop_front();
    --size_;
    if (first->tasks.empty()) {
        by_site_.erase(first->site);
        lines_.erase(first);
    } else {
        lines_.splice(lines_.end(), lines_, first);
    }
    return next;
}

}  // namespace porter::rooms::tls
