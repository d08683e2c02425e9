#include "bench/crowd.hpp"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <system_error>

namespace porter::rooms::bench {

namespace {

constexpr std::size_t read_size = 256 * 1024;  // what a socket's buffer may hold at once
constexpr std::size_t entering_at_once = 128;  // fits every listener's backlog
constexpr std::chrono::milliseconds look_around{250};

moment now() noexcept
{
    return std::chrono::steady_clock::now();
}

}  // namespace

crowd::crowd(plan const& wanted, scene const& door, share of)
    : plan_(wanted),
      door_(door),
      share_(of),
      messages_(wanted.kind, wanted.payload),
      poller_(wanted.busy_poll),
      room_(read_size),
      places_(of.places),
      free_(of.places),
      alive_(of.places)
{
    std::iota(free_.rbegin(), free_.rend(), place_number{0});  // the first place is taken first
}

void crowd::enter()
{
    while (alive_ > 0 && (!free_.empty() || anybody_waits())) {
        while (!free_.empty() && entering_ < entering_at_once) {
            auto const at = free_.back();
            free_.pop_back();
            begin_visit(at, now());
        }
        turn(looked_ + look_around);
    }
}

void crowd::measure(window when, recorder& into)
{
    recorder_ = &into;
    running_ = true;
    if (plan_.rate) schedule_.emplace(*plan_.rate, when.start - plan_.warm_up, share_.lane, share_.lanes);
    if (plan_.what == mode::echo && !schedule_) {
        for (place_number at = 0; at < places_.size(); ++at) {
            if (!places_[at]) continue;
            open_window(*places_[at], now());
            send(at);
        }
    }
    for (auto time = now(); alive_ > 0 && time < when.stop;) {
        begin_due(time);
        time = turn(next_moment(when.stop));
    }
    running_ = false;
    if (plan_.what == mode::idle) {
        for (place_number at = 0; at < places_.size(); ++at) {
            if (!places_[at]) continue;
            places_[at]->heard = now();
            places_[at]->talk.allow(2);  // that it is still there shows by its echo
            send(at);
        }
    }
    while (anybody_waits()) turn(looked_ + look_around);
}

/// Waits for events, and hands each to its visitor. Gives the time afterwards.
moment crowd::turn(moment until)
{
    for (auto const& event : poller_.wait(until)) on_ready(event.tag, event.ended);
    auto const time = now();
    if (time - looked_ >= look_around) {
        looked_ = time;
        give_up_on_the_silent(time);
    }
    return time;
}

void crowd::on_ready(place_number at, bool ended)
{
    auto& one = places_[at];
    if (!one) return;
    if (one->is_in()) {
        listen(at, ended);
        if (one && one->is_in()) send(at);
        return;
    }
    if (auto failed = one->way_in->advance(one->through)) return say_goodbye(at, std::move(*failed));
    if (one->way_in->now() == entry::state::granted) admitted(at, now());
}

void crowd::admitted(place_number at, moment time)
{
    auto& one = *places_[at];
    one.way_in.reset();
    one.heard = time;
    --entering_;
    if (plan_.what == mode::idle || plan_.what == mode::resume) {
        one.talk.allow(1);
        send(at);
    } else if (!stays(plan_.what)) {
        end_visit(at, time);
    }
}

void crowd::listen(place_number at, bool ended)
{
    auto& one = places_[at];
    for (auto more = true; more && one;) {
        auto came = one->talk.receive(one->through, messages_, room_);
        if (came.answers > 0) answered(at, came.answers, now());
        if (!one || !one->is_in()) return;  // the visit was over, and the next one may have begun
        if (came.failed) return say_goodbye(at, std::move(*came.failed));
        more = came.more || (ended && came.bytes > 0);
    }
}

void crowd::answered(place_number at, std::uint64_t answers, moment time)
{
    auto& one = *places_[at];
    one.heard = time;
    if (plan_.what == mode::resume) return end_visit(at, time);
    if (plan_.what != mode::echo) return;
    for (auto message = one.talk.answered() - answers; message < one.talk.answered(); ++message) {
        auto const began =
            schedule_ ? schedule_->planned(message * places_.size() + at) : one.sent_at[message % one.sent_at.size()];
        recorder_->record(began, time);
    }
    if (running_ && !schedule_) open_window(one, time);
}

/// Closed loop: as many messages under way as the depth says.
void crowd::open_window(visitor& one, moment time)
{
    one.sent_at.resize(plan_.depth);
    if (one.talk.unanswered() == 0) one.heard = time;
    auto const until = one.talk.answered() + plan_.depth;
    for (auto message = one.talk.allowed(); message < until; ++message) one.sent_at[message % plan_.depth] = time;
    one.talk.allow(until);
}

void crowd::send(place_number at)
{
    if (auto failed = places_[at]->talk.send(places_[at]->through, messages_)) say_goodbye(at, std::move(*failed));
}

void crowd::begin_visit(place_number at, moment began)
{
    auto const number = share_.first_visit + visits_++ * share_.lanes + share_.lane;
    ++entering_;
    auto made = channel::connect(door_.way_of(number));
    if (!made) return say_goodbye(at, made.error());
    places_[at].emplace(std::move(*made), door_.wish_of(number), number, began);
    places_[at]->heard = now();
    if (!poller_.watch(places_[at]->through.number(), at)) {
        say_goodbye(at,
                    system_fault(fault::kind::machine, "cannot wait for a socket", {errno, std::generic_category()}));
    }
}

void crowd::end_visit(place_number at, moment time)
{
    recorder_->record(places_[at]->began, time);
    places_[at].reset();
    if (running_ && !schedule_) return begin_visit(at, time);
    free_.push_back(at);
}

/// What the plan says is to begin by now.
void crowd::begin_due(moment time)
{
    if (plan_.what == mode::idle) return;
    if (!schedule_) {
        // Visits follow one another in their places; here the first ones begin. Messages follow their answers.
        while (!stays(plan_.what) && !free_.empty()) {
            auto const at = free_.back();
            free_.pop_back();
            begin_visit(at, time);
        }
        return;
    }
    auto const due = schedule_->due(time);
    if (plan_.what == mode::echo) return send_due_messages(due);
    begin_due_visits(due);
}

/// A visit for which there is no place waits for one, and its latency goes on meanwhile.
void crowd::begin_due_visits(std::uint64_t due)
{
    while (begun_ < due && !free_.empty()) {
        auto const at = free_.back();
        free_.pop_back();
        begin_visit(at, schedule_->planned(begun_++));
    }
}

void crowd::send_due_messages(std::uint64_t due)
{
    auto const begun = begun_;
    begun_ = due;
    for (auto message = begun; message < std::min<std::uint64_t>(due, begun + places_.size()); ++message) {
        auto const at = static_cast<place_number>(message % places_.size());
        if (!places_[at]) continue;
        auto& talk = places_[at]->talk;
        if (talk.unanswered() == 0) places_[at]->heard = now();
        talk.allow((due - at + places_.size() - 1) / places_.size());
        send(at);
    }
}

moment crowd::next_moment(moment limit) const
{
    auto const soon = std::min(limit, looked_ + look_around);  // the same for many turns: the timer stays as it is
    if (!schedule_ || (plan_.what != mode::echo && free_.empty())) return soon;
    return std::min(soon, schedule_->planned(begun_));
}

void crowd::say_goodbye(place_number at, fault why)
{
    auto& alike = faults_[why.reason];
    alike.what = why.what;
    ++alike.count;
    if (!places_[at] || !places_[at]->is_in()) --entering_;
    places_[at].reset();
    --alive_;
}

void crowd::give_up_on_the_silent(moment time)
{
    for (place_number at = 0; at < places_.size(); ++at) {
        auto const& one = places_[at];
        if (one && one->waits() && time - one->heard > plan_.timeout) {
            say_goodbye(at, {fault::kind::timed_out, "no answer from the server in time"});
        }
    }
}

bool crowd::anybody_waits() const
{
    return std::ranges::any_of(places_, [](auto const& one) { return one && one->waits(); });
}

}  // namespace porter::rooms::bench
