#include "bench/connection_pool.hpp"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <system_error>

namespace porter::detail::bench {

namespace {

constexpr std::size_t read_size = 256 * 1024;       // about what a socket's buffer holds
constexpr std::size_t max_concurrent_logins = 128;  // fits every listener's backlog
constexpr std::chrono::milliseconds check_interval{250};

moment now() noexcept
{
    return std::chrono::steady_clock::now();
}

}  // namespace

connection_pool::connection_pool(bench::config const& config, bench::target const& target, lane_share share)
    : config_(config),
      target_(target),
      share_(share),
      messages_(config.content, config.payload),
      poller_(config.busy_poll),
      buffer_(read_size),
      clients_(share.connections),
      free_(share.connections),
      alive_(share.connections)
{
    std::iota(free_.rbegin(), free_.rend(), slot_number{0});  // slot 0 is used first
}

void connection_pool::start_login()
{
    while (alive_ > 0 && (!free_.empty() || has_pending())) {
        while (!free_.empty() && logging_in_ < max_concurrent_logins) {
            auto const slot = free_.back();
            free_.pop_back();
            start_connection(slot, now());
        }
        run_once(checked_at_ + check_interval);
    }
}

void connection_pool::measure(bench::window window, bench::recorder& recorder)
{
    recorder_ = &recorder;
    running_ = true;
    if (config_.rate) schedule_.emplace(*config_.rate, window.start - config_.warm_up, share_.lane, share_.lanes);
    if (config_.mode == mode::echo && !schedule_) {
        for (slot_number slot = 0; slot < clients_.size(); ++slot) {
            if (!clients_[slot]) continue;
            fill_depth(*clients_[slot], now());
            send(slot);
        }
    }
    for (auto time = now(); alive_ > 0 && time < window.stop;) {
        start_due(time);
        time = run_once(next_wakeup(window.stop));
    }
    running_ = false;
    if (config_.mode == mode::idle) {
        for (slot_number slot = 0; slot < clients_.size(); ++slot) {
            if (!clients_[slot]) continue;
            clients_[slot]->last_received_at = now();
            clients_[slot]->exchange.allow(2);  // its echo shows that the connection is still open
            send(slot);
        }
    }
    while (has_pending()) run_once(checked_at_ + check_interval);
}

/// Waits for events and dispatches them. Returns the time afterwards.
moment connection_pool::run_once(moment until)
{
    for (auto const& event : poller_.wait(until)) on_ready(event.tag, event.ended);
    auto const time = now();
    if (time - checked_at_ >= check_interval) {
        checked_at_ = time;
        fail_timed_out(time);
    }
    return time;
}

void connection_pool::on_ready(slot_number slot, bool ended)
{
    auto& client = clients_[slot];
    if (!client) return;
    if (client->is_granted()) {
        read(slot, ended);
        if (client && client->is_granted()) send(slot);
        return;
    }
    if (auto error = client->login->advance(client->connection)) return drop(slot, std::move(*error));
    if (client->login->current_state() == login::state::granted) on_granted(slot, now());
}

void connection_pool::on_granted(slot_number slot, moment time)
{
    auto& client = *clients_[slot];
    client.login.reset();
    client.last_received_at = time;
    --logging_in_;
    if (config_.mode == mode::idle || config_.mode == mode::resume) {
        client.exchange.allow(1);
        send(slot);
    } else if (!is_persistent(config_.mode)) {
        finish_connection(slot, time);
    }
}

void connection_pool::read(slot_number slot, bool ended)
{
    auto& client = clients_[slot];
    for (auto more = true; more && client;) {
        auto result = client->exchange.receive(client->connection, messages_, buffer_);
        if (result.replies > 0) on_reply(slot, result.replies, now());
        if (!client || !client->is_granted()) return;  // the connection is finished; its slot may have a new one
        if (result.error) return drop(slot, std::move(*result.error));
        more = result.more || (ended && result.bytes > 0);
    }
}

void connection_pool::on_reply(slot_number slot, std::uint64_t replies, moment time)
{
    auto& client = *clients_[slot];
    client.last_received_at = time;
    if (config_.mode == mode::resume) return finish_connection(slot, time);
    if (config_.mode != mode::echo) return;
    for (auto message = client.exchange.replied() - replies; message < client.exchange.replied(); ++message) {
        auto const started = schedule_ ? schedule_->planned(message * clients_.size() + slot)
                                       : client.sent_at[message % client.sent_at.size()];
        recorder_->record(started, time);
    }
    if (running_ && !schedule_) fill_depth(client, time);
}

/// Closed loop: sends messages until `depth` of them are unanswered.
void connection_pool::fill_depth(bench_client& client, moment time)
{
    client.sent_at.resize(config_.depth);
    if (client.exchange.unanswered() == 0) client.last_received_at = time;
    auto const until = client.exchange.replied() + config_.depth;
    for (auto message = client.exchange.allowed(); message < until; ++message)
        client.sent_at[message % config_.depth] = time;
    client.exchange.allow(until);
}

void connection_pool::send(slot_number slot)
{
    if (auto error = clients_[slot]->exchange.send(clients_[slot]->connection, messages_))
        drop(slot, std::move(*error));
}

void connection_pool::start_connection(slot_number slot, moment scheduled)
{
    auto const number = share_.first_number + started_++ * share_.lanes + share_.lane;
    ++logging_in_;
    auto connection = channel::connect(target_.route_of(number));
    if (!connection) return drop(slot, connection.error());
    clients_[slot].emplace(std::move(*connection), target_.access_request_of(number), number, scheduled);
    clients_[slot]->last_received_at = now();
    if (!poller_.watch(clients_[slot]->connection.number(), slot)) {
        drop(slot, system_fault(fault_kind::machine, "cannot wait for a socket", {errno, std::generic_category()}));
    }
}

void connection_pool::finish_connection(slot_number slot, moment time)
{
    recorder_->record(clients_[slot]->started_at, time);
    clients_[slot].reset();
    if (running_ && !schedule_) return start_connection(slot, time);
    free_.push_back(slot);
}

/// Starts what the schedule or the closed loop requires now.
void connection_pool::start_due(moment time)
{
    if (config_.mode == mode::idle) return;
    if (!schedule_) {
        // The first short connection of each slot; each further one starts when the previous one is finished.
        while (!is_persistent(config_.mode) && !free_.empty()) {
            auto const slot = free_.back();
            free_.pop_back();
            start_connection(slot, time);
        }
        return;
    }
    auto const due = schedule_->due(time);
    if (config_.mode == mode::echo) return send_due_messages(due);
    start_due_connections(due);
}

/// Without a free slot a connection waits for one; its latency counts from the scheduled time.
void connection_pool::start_due_connections(std::uint64_t due)
{
    while (scheduled_ < due && !free_.empty()) {
        auto const slot = free_.back();
        free_.pop_back();
        start_connection(slot, schedule_->planned(scheduled_++));
    }
}

void connection_pool::send_due_messages(std::uint64_t due)
{
    auto const first = scheduled_;
    scheduled_ = due;
    for (auto message = first; message < std::min<std::uint64_t>(due, first + clients_.size()); ++message) {
        auto const slot = static_cast<slot_number>(message % clients_.size());
        if (!clients_[slot]) continue;
        auto& exchange = clients_[slot]->exchange;
        if (exchange.unanswered() == 0) clients_[slot]->last_received_at = now();
        exchange.allow((due - slot + clients_.size() - 1) / clients_.size());
        send(slot);
    }
}

moment connection_pool::next_wakeup(moment limit) const
{
    auto const soon =
        std::min(limit, checked_at_ + check_interval);  // changes rarely, so the timer is rarely set again
    if (!schedule_ || (config_.mode != mode::echo && free_.empty())) return soon;
    return std::min(soon, schedule_->planned(scheduled_));
}

void connection_pool::drop(slot_number slot, fault fault)
{
    auto& tally = faults_[fault.reason];
    tally.kind = fault.kind;
    ++tally.count;
    if (!clients_[slot] || !clients_[slot]->is_granted()) --logging_in_;
    clients_[slot].reset();
    --alive_;
}

void connection_pool::fail_timed_out(moment time)
{
    for (slot_number slot = 0; slot < clients_.size(); ++slot) {
        auto const& client = clients_[slot];
        if (client && client->is_waiting() && time - client->last_received_at > config_.timeout) {
            drop(slot, {fault_kind::timed_out, "no answer from the server in time"});
        }
    }
}

bool connection_pool::has_pending() const
{
    return std::ranges::any_of(clients_, [](auto const& client) { return client && client->is_waiting(); });
}

}  // namespace porter::detail::bench
