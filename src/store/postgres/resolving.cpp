#include "store/postgres/resolving.hpp"

#include <algorithm>
#include <deque>
#include <exception>
#include <new>
#include <utility>

#include "base/condition_variable.hpp"
#include "store/postgres/fault_log.hpp"
#include "store/postgres/reconnect_pause.hpp"

namespace porter::detail::store::postgres {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t most_undos = 10'000;
constexpr std::chrono::seconds between_rounds{1};

/// Sleeps, also when the task is cancelled. It does not throw when it is.
task<void> sleep(std::chrono::milliseconds pause)
{
    auto const executor = co_await asio::this_coro::executor;
    base::steady_timer timer{executor};
    timer.expires_after(pause);
    co_await base::wait_for_expiry(timer);
}

}  // namespace

/// The changes to undo, on the thread of the pool. It lives as long as the coroutine there.
struct resolver::undo_queue {
    undo_queue(pool& by, log::logger& log) : through(by), faults(log), changed(by.executor()) {}

    struct entry {
        segment undo;
        steady_clock::time_point due;
        bool is_done_once = false;
    };

    static task<void> run(std::shared_ptr<undo_queue> self);
    void add(segment undo);
    void stop();
    task<void> undo_front();
    steady_clock::time_point next_due() const noexcept;

    pool& through;
    fault_log faults;
    base::condition_variable changed;  // notified when there is an entry, and when the pool stops
    std::deque<entry> entries;         // by `due`
    bool is_stopping = false;
};

task<void> resolver::undo_queue::run(std::shared_ptr<undo_queue> self)
{
    while (!self->is_stopping) {
        auto const due = self->next_due();
        try {
            if (due > steady_clock::now()) {
                co_await self->changed.wait_until(due);
            } else {
                co_await self->undo_front();
            }
        } catch (std::bad_alloc const&) {
            self->faults.report("undo", {}, "out of memory");
        }
    }
    auto const left = std::ranges::count_if(self->entries, [](entry const& each) { return !each.is_done_once; });
    if (left > 0) self->faults.report("undo", {}, "changes that were not undone: " + std::to_string(left));
}

steady_clock::time_point resolver::undo_queue::next_due() const noexcept
{
    return entries.empty() ? steady_clock::time_point::max() : entries.front().due;
}

void resolver::undo_queue::add(segment undo)
{
    if (entries.size() >= most_undos) {
        faults.report("undo", {}, "too many changes to undo");
        return;
    }
    entries.push_front({std::move(undo), steady_clock::now()});
    changed.notify();
}

void resolver::undo_queue::stop()
{
    is_stopping = true;
    changed.notify();
}

task<void> resolver::undo_queue::undo_front()
{
    auto one = std::move(entries.front());
    entries.pop_front();
    auto work = one.undo;
    auto const answer = co_await through.submit(pool::lane::changes, std::move(work));
    bool const is_answered = answer.outcome == outcome::done || answer.outcome == outcome::refused;
    if (answer.outcome == outcome::refused) faults.report("undo", answer.error.code, answer.error.message);
    if (is_answered && one.is_done_once) co_return;
    one.is_done_once = is_answered;
    one.due = steady_clock::now() + (is_answered ? late_commit : between_rounds);
    auto const is_earlier = [](entry const& left, entry const& right) { return left.due < right.due; };
    entries.insert(std::upper_bound(entries.begin(), entries.end(), one, is_earlier), std::move(one));
}

resolver::resolver(pool& by, options const& options, log::logger& log)
    : pool_(by), options_(options), undo_queue_(std::make_shared<undo_queue>(by, log))
{
    pool_.run_background(undo_queue::run(undo_queue_), [kept = undo_queue_] { kept->stop(); });
}

task<reply> resolver::look_up(segment work)
{
    reply answer;
    if (is_rejecting_) co_return answer;
    auto sent = look_up_lost(std::move(work));
    answer = co_await std::move(sent);
    co_return answer;
}

task<reply> resolver::look_up_lost(segment work)
{
    return pool_.submit(pool::lane::lookups, std::move(work));
}

task<resolved> resolver::change(segment work, std::optional<segment> undo)
{
    resolved result;
    if (is_rejecting_) co_return result;
    auto first = work;
    result.reply = co_await pool_.submit(pool::lane::changes, std::move(first));
    if (result.reply.outcome != outcome::unknown) co_return result;

    // A task that was cancelled would throw at its next co_await.
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    std::exception_ptr thrown;
    try {
        result = co_await repeat(work, undo);
    } catch (...) {
        thrown = std::current_exception();
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (thrown) {
        if (undo) defer(std::move(*undo));
        std::rethrow_exception(thrown);
    }
    co_return result;
}

task<resolved> resolver::repeat(segment const& work, std::optional<segment> const& undo)
{
    resolved result;
    result.is_repeated = true;
    auto const deadline = steady_clock::now() + options_.resolve_patience;
    reconnect_pause pause{options_.shortest_pause, options_.longest_pause};
    do {
        auto again = work;
        result.reply = co_await pool_.submit(pool::lane::changes, std::move(again));
        if (result.reply.outcome == outcome::done) co_return result;
        // The first one may be refused for what it did itself.
        if (result.reply.outcome == outcome::refused) break;
        co_await sleep(pause.next());
    } while (steady_clock::now() < deadline && !is_stopped_);
    if (undo) defer(*undo);
    if (result.reply.outcome != outcome::refused) result.reply.outcome = outcome::unavailable;
    co_return result;
}

void resolver::defer(segment undo)
{
    asio::post(pool_.executor(), [to = undo_queue_, undo = std::move(undo)]() mutable { to->add(std::move(undo)); });
}

void resolver::report(std::string_view code, std::string_view problem)
{
    auto const work = [to = undo_queue_, code = std::string{code}, problem = std::string{problem}] {
        to->faults.report("request", code, problem);
    };
    asio::post(pool_.executor(), work);
}

}  // namespace porter::detail::store::postgres
