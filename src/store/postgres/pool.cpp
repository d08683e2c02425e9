#include "store/postgres/pool.hpp"

#include <asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "base/condition_variable.hpp"
#include "base/suspended_task.hpp"
#include "base/thread.hpp"
#include "store/postgres/reconnect_pause.hpp"

namespace porter::detail::store::postgres {

namespace {

using std::chrono::steady_clock;

constexpr std::string_view no_memory = "out of memory";
constexpr std::string_view stopping = "porterd stops";
constexpr std::string_view another_primary = "another server is the primary";

/// How often a segment is sent: deadlocks that come again and again are a defect.
constexpr int most_attempts = 5;

void report_end(std::exception_ptr thrown)
{
    if (thrown) std::rethrow_exception(thrown);
}

bool is_to_be_repeated(request const& finished)
{
    if (finished.attempts >= most_attempts || steady_clock::now() >= finished.deadline()) return false;
    auto const result = finished.answer.outcome;
    return result == outcome::again || (result == outcome::unknown && finished.work().is_repeatable());
}

}  // namespace

/// A connection, and the pauses between its lives.
struct pool::member {
    member(io_executor executor, options const& options, connection::finish_handler finished)
        : conn(executor, options.patience, std::move(finished)),
          pause(options.shortest_pause, options.longest_pause),
          changed(executor)
    {}

    connection conn;
    primary server;                    // that it was connected to last
    reconnect_pause pause;             // after a connection that was in use
    bool may_open = false;             // it is one of options.openings
    bool is_queued = false;            // to become one
    base::condition_variable changed;  // notified when it may open, and when the pool stops
};

/// The connections of a lane, and the requests that none of them has taken, in order.
struct pool::group {
    group(io_executor executor, lane of) : kind(of), changed(executor) {}

    lane kind;
    std::vector<std::unique_ptr<member>> members;
    request_list waiting;
    base::condition_variable changed;  // notified when a request waits again, and when the pool stops
};

/// Passes a request to the thread of the pool. The memory to do so belongs to it: a task cannot handle std::bad_alloc
/// while it is being suspended.
struct pool::delivery {
    static constexpr std::size_t block_size = 256;
    using allocator_type = base::block_allocator<std::byte, block_size>;
    allocator_type get_allocator() const noexcept { return allocator_type{block}; }

    void operator()() { to->take(one, *to->groups_[static_cast<std::size_t>(by)]); }

    pool* to;
    lane by;
    request_list one;
    std::byte* block;
};

pool::pool(options const& options, log::logger& log)
    : options_(options),
      log_(log),
      faults_(log),
      servers_(io_.get_executor(), options),
      pause_(options.shortest_pause, options.longest_pause),
      openings_left_(options.openings)
{
    auto const executor = io_.get_executor();
    for (auto const& [kind, count] :
         {std::pair{lane::changes, options.connections}, std::pair{lane::lookups, options.lookup_connections}}) {
        auto& made = *groups_.emplace_back(std::make_unique<group>(executor, kind));
        auto const finished = [this, &made](request_list& requests) { on_finished(requests, made); };
        for (std::size_t i = 0; i < count; ++i) {
            auto& one = *made.members.emplace_back(std::make_unique<member>(executor, options, finished));
            asio::co_spawn(executor, keep_connected(one, made), report_end);
        }
        asio::co_spawn(executor, watch_waiting(made), report_end);
    }
    thread_ = std::thread{[this] { run(); }};
}

pool::~pool()
{
    asio::post(io_, [this] { stop(); });
    thread_.join();
}

void pool::run()
{
    base::set_thread_name("store");
    for (;;) {
        try {
            io_.run();
            return;
        } catch (std::bad_alloc const&) {
            faults_.report("connect", {}, no_memory);
        }
    }
}

void pool::stop()
{
    is_stopping_ = true;
    servers_.stop();
    for (auto const& stop : stop_handlers_) stop();
    for (auto const& each : groups_) {
        each->changed.notify();
        finish(each->waiting, each->kind);
        for (auto const& one : each->members) {
            one->changed.notify();
            one->conn.drop(stopping);
        }
    }
}

task<reply> pool::submit(lane by, segment work)
{
    auto const executor = co_await asio::this_coro::executor;
    request_list one;
    one.emplace_back(std::move(work), executor, steady_clock::now() + options_.patience);
    std::unique_ptr<std::byte[]> block{new std::byte[delivery::block_size]};
    auto const initiate = [this, by, &one, &block](base::resume_handler<reply> handler) {
        one.front().suspend(std::move(handler));
        if (accepted_.fetch_add(1) >= options_.queue_limit) {
            finish(one, by);
        } else {
            asio::post(io_, delivery{this, by, std::move(one), block.release()});
        }
    };
    auto operation = base::suspend<reply>(initiate);
    co_return co_await std::move(operation);
}

void pool::run_background(task<void> work, std::function<void()> stop)
{
    asio::post(io_, [this, work = std::move(work), stop = std::move(stop)]() mutable {
        stop_handlers_.push_back(std::move(stop));
        asio::co_spawn(io_, std::move(work), report_end);
    });
}

void pool::take(request_list& one, group& by)
{
    if (is_stopping_) {
        finish(one, by.kind);
        return;
    }
    by.waiting.splice(by.waiting.end(), one);
    dispatch(by);
}

void pool::dispatch(group& among)
{
    while (!among.waiting.empty()) {
        connection* least = nullptr;
        for (auto const& each : among.members) {
            auto& conn = each->conn;
            if (!is_usable(*each) || conn.in_flight() >= options_.depth) continue;
            if (!least || conn.in_flight() < least->in_flight()) least = &conn;
        }
        if (!least) return;
        least->submit(among.waiting);
    }
}

bool pool::is_usable(member const& one) const noexcept
{
    return one.conn.is_in_use() && (is_any_primary_good_ || (primary_ && one.server.start == primary_->start));
}

void pool::set_primary(std::optional<primary> proved)
{
    is_any_primary_good_ = false;
    primary_ = std::move(proved);
    if (!primary_) return;
    servers_.prefer(*primary_);
    for (auto const& each : groups_) {
        for (auto const& one : each->members) {
            if (one->conn.is_in_use() && !is_usable(*one)) one->conn.drop(another_primary);
        }
        dispatch(*each);
    }
}

void pool::on_finished(request_list& finished, group& by)
{
    request_list repeated;
    while (!finished.empty()) {
        request_list one;
        one.splice(one.end(), finished, finished.begin());
        auto& ended = one.front();
        if (!is_stopping_ && is_to_be_repeated(ended)) {
            repeated.splice(repeated.end(), one);
            continue;
        }
        auto& result = ended.answer.outcome;
        bool const did_nothing = result == outcome::again || ended.work().is_repeatable();
        if (did_nothing && result != outcome::done) result = outcome::unavailable;
        report(ended, by);
        finish(one, by.kind);
    }
    if (!repeated.empty()) {
        by.waiting.splice(by.waiting.begin(), repeated);
        by.changed.notify();  // they become overdue earlier than those that are new
    }
    dispatch(by);
}

void pool::report(request const& failed, group const& by)
{
    auto const& answer = failed.answer;
    if (answer.outcome != outcome::unavailable && answer.outcome != outcome::unknown) return;
    faults_.report(by.kind == lane::changes ? "write" : "look-up", answer.error.code, answer.error.message);
}

void pool::finish(request_list& finished, lane by) noexcept
{
    auto& counted = by == lane::changes ? statistics_.changes : statistics_.lookups;
    auto const now = steady_clock::now();
    while (!finished.empty()) {
        auto const& ended = finished.front();
        auto const result = ended.answer.outcome;
        counted.latency.observe(now - (ended.deadline() - options_.patience));
        if (result == outcome::unavailable || result == outcome::unknown) counted.failed.add();
        accepted_.fetch_sub(1);
        finished.front().resume();
        finished.pop_front();
    }
}

/// Returns when the next one becomes overdue.
steady_clock::time_point pool::give_up_overdue(group& in)
{
    auto const now = steady_clock::now();
    request_list overdue;
    while (!in.waiting.empty() && in.waiting.front().deadline() <= now) {
        overdue.splice(overdue.end(), in.waiting, in.waiting.begin());
    }
    for (auto& each : overdue) each.answer.outcome = outcome::unavailable;
    try {
        for (auto& each : overdue) {
            if (each.answer.error.message.empty()) each.answer.error.message = "no connection to the database";
            report(each, in);
        }
    } catch (std::bad_alloc const&) {  // they finish without a reason
    }
    finish(overdue, in.kind);
    // A request that comes after this becomes overdue later than that.
    return in.waiting.empty() ? now + options_.patience : in.waiting.front().deadline();
}

task<void> pool::watch_waiting(group& in)
{
    while (!is_stopping_) {
        try {
            auto const next = give_up_overdue(in);
            co_await in.changed.wait_until(next);
        } catch (std::bad_alloc const&) {
            faults_.report("connect", {}, no_memory);
        }
    }
}

task<void> pool::keep_connected(member& one, group& in)
{
    while (!is_stopping_) {
        try {
            co_await begin_opening(one);
            co_await connect_and_use(one, in);
        } catch (std::bad_alloc const&) {
            one.conn.drop(no_memory);
            faults_.report("connect", {}, no_memory);
        }
        end_opening(one);
    }
    one.conn.drop(stopping);
}

/// Waits until this may be one of the few connections that are being opened, or the pool stops.
task<void> pool::begin_opening(member& one)
{
    if (!one.may_open && openings_left_ > 0) {
        --openings_left_;
        one.may_open = true;
    }
    one.is_queued = !one.may_open;
    while (!one.may_open && !is_stopping_) co_await one.changed.wait_until(steady_clock::time_point::max());
}

/// Lets the next one open its connection, if this one was allowed to. Connections for look-ups are first: they are few,
/// and each login needs one.
void pool::end_opening(member& one) noexcept
{
    if (!one.may_open) return;
    one.may_open = false;
    for (auto in = groups_.rbegin(); in != groups_.rend(); ++in) {
        for (auto const& each : (*in)->members) {
            if (!std::exchange(each->is_queued, false)) continue;
            each->may_open = true;
            each->changed.notify();
            return;
        }
    }
    ++openings_left_;
}

task<void> pool::connect_and_use(member& one, group& in)
{
    auto connected = co_await servers_.connect(one.conn);
    if (is_stopping_) co_return;
    if (!connected) {
        faults_.report("connect", {}, connected.error().text);
    } else {
        one.server = std::move(*connected);
        if (primary_ && one.server.start != primary_->start) one.conn.drop(another_primary);
    }
    if (!one.conn.is_open()) {
        co_await one.changed.wait_until(steady_clock::now() + pause_.next());  // the others wait, too
        co_return;
    }
    end_opening(one);
    pause_.reset();
    one.pause.reset();
    bool const counts = in.kind == lane::changes;
    one.conn.begin_use();
    if (counts && connected_++ == 0) note_connected(true, {});
    dispatch(in);
    co_await one.conn.run();
    if (counts && --connected_ == 0) note_connected(false, one.conn.problem());
    if (!is_stopping_) co_await one.changed.wait_until(steady_clock::now() + one.pause.next());
}

void pool::note_connected(bool is_connected, std::string_view problem)
{
    auto const server = servers_.last_primary().text();
    if (is_connected) {
        log_.info("store_connected", {log::quoted("server", server)});
    } else if (!is_stopping_) {
        log_.warn("store_disconnected", {log::quoted("server", server), log::quoted("problem", problem)});
    }
}

}  // namespace porter::detail::store::postgres
