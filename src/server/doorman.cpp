#include "server/doorman.hpp"

#include <algorithm>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>

#include "server/connection.hpp"

namespace porter::rooms::server {
namespace {

constexpr std::chrono::hours prune_period{1};

/// From the loss of the store to the end: requests are answered meanwhile, and who took the files away has done what
/// belongs to it, as an ending of sessions.
constexpr std::chrono::seconds after_loss{1};

/// Deadlines are watched a second's grain wide, finer when the rules are finer than that.
std::chrono::milliseconds tick_for(options const& rules)
{
    using std::chrono::milliseconds;
    auto shortest = std::min({rules.login_grace, rules.opening_time, rules.frame_time, rules.output_time});
    if (rules.idle_timeout.count() > 0) shortest = std::min(shortest, rules.idle_timeout);
    return std::clamp(shortest / 8, milliseconds{10}, milliseconds{1000});
}

/// Of the memory for buffers one network gets so much at most.
constexpr std::size_t network_share = 2;

task<std::vector<store::session_id>> sessions_of(io_thread const& thread)
{
    co_return thread.sessions();
}

/// Four connections of one network can always have a frame of the largest size under way.
std::size_t memory_for(options const& rules)
{
    auto const large_frames = std::size_t{rules.max_frame} * 4 * network_share;
    return rules.max_buffered == 0 ? 0 : std::max(rules.max_buffered, large_frames);
}

/// The line of a connection that is closed at once: nothing is left to say a reason with.
void note_rejected(log::logger& log, identity::address const& from)
{
    log.info("connection_closed", {{"address", from.text()},
                                   {"connection", from.connection()},
                                   {"code", name_of(code::server_full)},
                                   log::quoted("reason", "the server is full, and it was not told")});
}

}  // namespace

doorman::doorman(asio::io_context& main, std::size_t threads, house const& rooms)
    : main_(main),
      house_(rooms),
      quota_(rooms.rules.max_connections, rooms.rules.max_connections_per_address,
             rooms.rules.max_connections_per_account),
      memory_(memory_for(rooms.rules), memory_for(rooms.rules) / network_share),
      threads_(main, threads, rooms.clock, memory_, tick_for(rooms.rules)),
      drain_timer_(main.get_executor()),
      house_timer_(main.get_executor()),
      ends_timer_(main.get_executor()),
      loss_timer_(main.get_executor()),
      house_period_(rooms.rules.use_period)
{
    receiver_ = [this](stream socket, identity::address from, io_thread& thread) {
        receive(std::move(socket), std::move(from), thread);
    };
}

doorman::~doorman()
{
    if (!started_) return;
    stop();
    // What still runs refers to this object: it must come to its end here, on the io_context that it lives on.
    main_.restart();
    while (!finished_ || housework_ != 0) main_.run_one();
    house_.registry.watch({});
    main_.restart();  // it may have run out of work above
    main_.poll();     // what the watcher posted meanwhile
}

void doorman::add(base::tcp_acceptor acceptor)
{
    listeners_.emplace_back(std::move(acceptor), threads_.all(), house_.log);
}

std::vector<asio::ip::tcp::endpoint> doorman::local_endpoints() const
{
    std::vector<asio::ip::tcp::endpoint> found;
    for (auto const& each : listeners_) found.push_back(each.local_endpoint());
    return found;
}

void doorman::start()
{
    started_ = true;
    auto const as_housework = [this](task<void> (doorman::*work)()) {
        return [this, work] {
            asio::post(threads_.main().executor(), [this, work] {
                if (!finished_) spawn_housework((this->*work)());
            });
        };
    };
    house_.registry.watch({[this](std::span<store::ended_session const> ended) { end_sessions(ended); },
                           as_housework(&doorman::look_again), as_housework(&doorman::give_up)});
    for (auto* thread : threads_.all()) spawn(thread->executor(), thread->watch());
    for (auto& each : listeners_) spawn(threads_.main().executor(), each.accept_all(receiver_));
    spawn_housework(keep_house());
    spawn_housework(watch_ends());
}

void doorman::end_sessions(std::span<store::ended_session const> ended)
{
    std::vector<store::session_id> sorted;
    for (auto const& each : ended) sorted.push_back(each.id);
    std::sort(sorted.begin(), sorted.end());
    for (auto* thread : threads_.all()) {
        asio::post(thread->executor(), [thread, sorted] { thread->end_sessions(sorted); });
    }
}

void doorman::receive(stream socket, identity::address from, io_thread& thread)
{
    from = from.at(++connections_so_far_);
    holder const who{&thread, from.connection()};
    bool const by_proxy = is_proxy(house_.rules, from.ip());
    auto asked = by_proxy ? quota_.admit_unknown(who) : quota_.admit(from.network(), who);
    if (asked.evicted) call_out(*asked.evicted);
    auto goodbye = asked.place ? std::nullopt : quota_.see_off();
    house_.log.debug("connection_accepted", {{"address", from.text()}, {"connection", from.connection()}});
    if (!asked.place && !goodbye) return note_rejected(house_.log, from);
    auto visitor = std::make_unique<peer>(std::move(socket), std::move(from), thread, house_.rules, house_.log);
    auto life = asked.place ? serve_connection(*visitor, std::move(*asked.place), house_)
                            : turn_away(*visitor, std::move(*goodbye), house_);
    auto const waits = visitor->waits();
    auto done = [this, visitor = std::move(visitor)](std::exception_ptr escaped) { ended(escaped); };
    ++running_;
    asio::co_spawn(thread.executor(), std::move(life), asio::bind_cancellation_slot(waits, std::move(done)));
}

/// What runs as long as the door is open.
void doorman::spawn(io_executor where, task<void> work)
{
    ++running_;
    asio::co_spawn(where, std::move(work), [this](std::exception_ptr escaped) { ended(escaped); });
}

/// What the house does for itself: always on the main thread.
void doorman::spawn_housework(task<void> work)
{
    ++housework_;
    asio::co_spawn(threads_.main().executor(), std::move(work), [this](std::exception_ptr escaped) {
        report_defect(escaped);
        --housework_;
    });
}

void doorman::report_defect(std::exception_ptr escaped)
{
    if (!escaped) return;
    ++defects_;
    try {
        std::rethrow_exception(escaped);
    } catch (std::exception const& defect) {
        house_.log.error("defect", {log::quoted("what", defect.what())});
    }
}

/// On the thread of what ended.
void doorman::ended(std::exception_ptr escaped)
{
    report_defect(escaped);
    if (--running_ == 0) asio::post(threads_.main().executor(), [this] { finish(); });
}

void doorman::stop(std::string_view reason)
{
    if (!started_ || stopping_) return;
    stopping_ = true;
    house_.log.info("stopping", {{"connections", connections()}, log::quoted("reason", reason)});
    for (auto& each : listeners_) each.stop();
    for (auto* thread : threads_.all()) asio::post(thread->executor(), [thread] { thread->stop(); });
    spawn_housework(cut_off_late_ones());
}

/// The last connection has ended after stop().
void doorman::finish()
{
    finished_ = true;
    drain_timer_.cancel();
    house_timer_.cancel();
    ends_timer_.cancel();
    loss_timer_.cancel();
    threads_.release();
}

task<void> doorman::cut_off_late_ones()
{
    drain_timer_.expires_after(drain_time);
    auto const late = co_await base::run_out(drain_timer_);
    if (!late) co_return;
    for (auto* thread : threads_.all()) asio::post(thread->executor(), [thread] { thread->cut_all(); });
}

task<void> doorman::keep_house()
{
    auto next_prune = std::chrono::steady_clock::now();
    while (!finished_) {
        if (auto const now = std::chrono::steady_clock::now(); now >= next_prune) {
            next_prune = now + prune_period;
            co_await house_.registry.prune();
        }
        note_uses();
        for (auto* thread : threads_.all()) {
            asio::post(thread->executor(), [this, thread] { thread->report_health_checks(house_.log); });
        }
        house_timer_.expires_after(house_period_);
        if (finished_) break;                  // while the store was busy
        co_await base::run_out(house_timer_);  // or cut short by finish()
        co_await house_.registry.write_uses();
        co_await look_again();
    }
    co_await house_.registry.write_uses();
}

/// Each connection knows when its session ends, but not that an administrator has moved that by hand.
task<void> doorman::watch_ends()
{
    while (!finished_) {
        ends_timer_.expires_after(std::chrono::seconds{1});
        co_await base::run_out(ends_timer_);  // or cut short by finish()
        if (!finished_) co_await house_.registry.end_expired();
    }
}

void doorman::note_uses()
{
    house_.registry.note_uses(threads_.main().sessions());
    for (auto* thread : threads_.all().subspan(1)) {
        asio::post(thread->executor(), [this, thread] { house_.registry.note_uses(thread->sessions()); });
    }
}

/// The sessions of all threads. After finish() nothing runs on the others any more.
task<std::vector<store::session_id>> doorman::live_sessions()
{
    std::vector<store::session_id> live;
    for (auto* thread : threads_.all()) {
        if (finished_) break;
        auto there = asio::co_spawn(thread->executor(), sessions_of(*thread), use_task);
        auto const its = co_await std::move(there);
        live.insert(live.end(), its.begin(), its.end());
    }
    co_return live;
}

/// The store looks at each live session again.
task<void> doorman::look_again()
{
    auto live = co_await live_sessions();
    co_await house_.registry.look_again(std::move(live));
}

/// Sessions that ended in what is there now hear so, and all others that the server stops: without a store it hears of
/// no ending any more.
task<void> doorman::give_up()
{
    loss_timer_.expires_after(after_loss);
    co_await base::run_out(loss_timer_);  // or cut short by finish()
    if (finished_) co_return;
    co_await look_again();
    if (stopping_) co_return;
    std::string const reason = "the database's files were removed or replaced while the server ran";
    stop(reason);
    if (failed_) failed_(reason);
}

}  // namespace porter::rooms::server
