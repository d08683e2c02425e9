#include "bench/connection_pool.hpp"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <system_error>

namespace porter::detail::bench {

namespace {

constexpr std::size_t read_size = 256 * 1024;  // what a socket's buffer may hold at once
constexpr std::size_t entering_at_once = 128;  // fits every listener's backlog
constexpr std::chrono::milliseconds look_around{250};

moment now() noexcept
{
    return std::chrono::steady_clock::now();
}

}  // namespace

connection_pool::connection_pool(config const& wanted, target const& door, share of)
    : config_(wanted),
      target_(door),
      share_(of),
      messages_(wanted.kind, wanted.payload),
      poller_(wanted.busy_poll),
      buffer_(read_size),
      endpoints_(of.endpoints),
      free_(of.endpoints),
      alive_(of.endpoints)
{
    std::iota(free_.rbegin(), free_.rend(), slot_number{0});  // the first place is taken first
}

void connection_pool::start_login()
{
    while (alive_ > 0 && (!free_.empty() || is_any_waiting())) {
        while (!free_.empty() && logging_in_ < entering_at_once) {
            auto const at = free_.back();
            free_.pop_back();
            start_visit(at, now());
        }
        run_once(checked_ + look_around);
    }
}

void connection_pool::measure(window when, recorder& into)
{
    recorder_ = &into;
    running_ = true;
    if (config_.rate) schedule_.emplace(*config_.rate, when.start - config_.warm_up, share_.lane, share_.lanes);
    if (config_.mode == mode::echo && !schedule_) {
        for (slot_number at = 0; at < endpoints_.size(); ++at) {
            if (!endpoints_[at]) continue;
            open_window(*endpoints_[at], now());
            send(at);
        }
    }
    for (auto time = now(); alive_ > 0 && time < when.stop;) {
        start_due(time);
        time = run_once(next_moment(when.stop));
    }
    running_ = false;
    if (config_.mode == mode::idle) {
        for (slot_number at = 0; at < endpoints_.size(); ++at) {
            if (!endpoints_[at]) continue;
            endpoints_[at]->last_received_at = now();
            endpoints_[at]->exchange.allow(2);  // that it is still there shows by its echo
            send(at);
        }
    }
    while (is_any_waiting()) run_once(checked_ + look_around);
}

/// Waits for events, and hands each to its visitor. Gives the time afterwards.
moment connection_pool::run_once(moment until)
{
    for (auto const& event : poller_.wait(until)) on_ready(event.tag, event.ended);
    auto const time = now();
    if (time - checked_ >= look_around) {
        checked_ = time;
        fail_timed_out(time);
    }
    return time;
}

void connection_pool::on_ready(slot_number at, bool ended)
{
    auto& one = endpoints_[at];
    if (!one) return;
    if (one->is_granted()) {
        read(at, ended);
        if (one && one->is_granted()) send(at);
        return;
    }
    if (auto failed = one->login->advance(one->connection)) return send_closing(at, std::move(*failed));
    if (one->login->now() == login::state::granted) on_granted(at, now());
}

void connection_pool::on_granted(slot_number at, moment time)
{
    auto& one = *endpoints_[at];
    one.login.reset();
    one.last_received_at = time;
    --logging_in_;
    if (config_.mode == mode::idle || config_.mode == mode::resume) {
        one.exchange.allow(1);
        send(at);
    } else if (!stays(config_.mode)) {
        end_run(at, time);
    }
}

void connection_pool::read(slot_number at, bool ended)
{
    auto& one = endpoints_[at];
    for (auto more = true; more && one;) {
        auto came = one->exchange.receive(one->connection, messages_, buffer_);
        if (came.replies > 0) on_reply(at, came.replies, now());
        if (!one || !one->is_granted()) return;  // the visit was over, and the next one may have begun
        if (came.failed) return send_closing(at, std::move(*came.failed));
        more = came.more || (ended && came.bytes > 0);
    }
}

void connection_pool::on_reply(slot_number at, std::uint64_t answers, moment time)
{
    auto& one = *endpoints_[at];
    one.last_received_at = time;
    if (config_.mode == mode::resume) return end_run(at, time);
    if (config_.mode != mode::echo) return;
    for (auto message = one.exchange.replied() - answers; message < one.exchange.replied(); ++message) {
        auto const began = schedule_ ? schedule_->planned(message * endpoints_.size() + at)
                                     : one.sent_at[message % one.sent_at.size()];
        recorder_->record(began, time);
    }
    if (running_ && !schedule_) open_window(one, time);
}

/// Closed loop: as many messages under way as the depth says.
void connection_pool::open_window(bench_client& one, moment time)
{
    one.sent_at.resize(config_.depth);
    if (one.exchange.unanswered() == 0) one.last_received_at = time;
    auto const until = one.exchange.replied() + config_.depth;
    for (auto message = one.exchange.allowed(); message < until; ++message) one.sent_at[message % config_.depth] = time;
    one.exchange.allow(until);
}

void connection_pool::send(slot_number at)
{
    if (auto failed = endpoints_[at]->exchange.send(endpoints_[at]->connection, messages_))
        send_closing(at, std::move(*failed));
}

void connection_pool::start_visit(slot_number at, moment began)
{
    auto const number = share_.first_run + runs_++ * share_.lanes + share_.lane;
    ++logging_in_;
    auto made = channel::connect(target_.route_of(number));
    if (!made) return send_closing(at, made.error());
    endpoints_[at].emplace(std::move(*made), target_.access_request_of(number), number, began);
    endpoints_[at]->last_received_at = now();
    if (!poller_.watch(endpoints_[at]->connection.number(), at)) {
        send_closing(at,
                     system_fault(fault::kind::machine, "cannot wait for a socket", {errno, std::generic_category()}));
    }
}

void connection_pool::end_run(slot_number at, moment time)
{
    recorder_->record(endpoints_[at]->started_at, time);
    endpoints_[at].reset();
    if (running_ && !schedule_) return start_visit(at, time);
    free_.push_back(at);
}

/// What the plan says is to begin by now.
void connection_pool::start_due(moment time)
{
    if (config_.mode == mode::idle) return;
    if (!schedule_) {
        // Visits follow one another in their places; here the first ones begin. Messages follow their answers.
        while (!stays(config_.mode) && !free_.empty()) {
            auto const at = free_.back();
            free_.pop_back();
            start_visit(at, time);
        }
        return;
    }
    auto const due = schedule_->due(time);
    if (config_.mode == mode::echo) return send_due_messages(due);
    start_due_runs(due);
}

/// A visit for which there is no place waits for one, and its latency goes on meanwhile.
void connection_pool::start_due_runs(std::uint64_t due)
{
    while (begun_ < due && !free_.empty()) {
        auto const at = free_.back();
        free_.pop_back();
        start_visit(at, schedule_->planned(begun_++));
    }
}

void connection_pool::send_due_messages(std::uint64_t due)
{
    auto const begun = begun_;
    begun_ = due;
    for (auto message = begun; message < std::min<std::uint64_t>(due, begun + endpoints_.size()); ++message) {
        auto const at = static_cast<slot_number>(message % endpoints_.size());
        if (!endpoints_[at]) continue;
        auto& talk = endpoints_[at]->exchange;
        if (talk.unanswered() == 0) endpoints_[at]->last_received_at = now();
        talk.allow((due - at + endpoints_.size() - 1) / endpoints_.size());
        send(at);
    }
}

moment connection_pool::next_moment(moment limit) const
{
    auto const soon = std::min(limit, checked_ + look_around);  // the same for many turns: the timer stays as it is
    if (!schedule_ || (config_.mode != mode::echo && free_.empty())) return soon;
    return std::min(soon, schedule_->planned(begun_));
}

void connection_pool::send_closing(slot_number at, fault why)
{
    auto& alike = faults_[why.reason];
    alike.code = why.code;
    ++alike.count;
    if (!endpoints_[at] || !endpoints_[at]->is_granted()) --logging_in_;
    endpoints_[at].reset();
    --alive_;
}

void connection_pool::fail_timed_out(moment time)
{
    for (slot_number at = 0; at < endpoints_.size(); ++at) {
        auto const& one = endpoints_[at];
        if (one && one->waits() && time - one->last_received_at > config_.timeout) {
            send_closing(at, {fault::kind::timed_out, "no answer from the server in time"});
        }
    }
}

bool connection_pool::is_any_waiting() const
{
    return std::ranges::any_of(endpoints_, [](auto const& one) { return one && one->waits(); });
}

}  // namespace porter::detail::bench
