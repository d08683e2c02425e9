#include "store/postgres/watch.hpp"

#include <asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "base/awaitable_operators.hpp"
#include "store/postgres/schema.hpp"

namespace porter::detail::store::postgres {

namespace {

using namespace base::awaitable_operators;
using std::chrono::steady_clock;

constexpr std::string_view no_memory = "out of memory";
constexpr std::string_view stopping = "porterd stops";

/// Errors in a row after which the next server is tried: one that answers and can do nothing any more, as without space
/// on its disk, may have been replaced.
constexpr int most_errors = 5;

bool is_empty(session_watch const& watcher)
{
    return !watcher.on_sessions_ended && !watcher.on_reports_missed && !watcher.on_store_lost &&
           !watcher.on_partitioned && !watcher.on_rejoined;
}

}  // namespace

watch::watch(options const& options, log::logger& log, io_executor executor, handlers calls)
    : options_(options),
      handlers_(std::move(calls)),
      faults_(log),
      executor_(executor),
      servers_(executor, options),
      conn_(executor, options.watch_patience),
      pause_(options.shortest_pause, options.longest_pause),
      heartbeat_(clock_),
      journal_(steady_clock::now()),
      contact_(steady_clock::now()),
      due_(executor),
      contact_due_(executor)
{
    auto ended = std::make_shared<std::promise<void>>();
    ended_ = ended->get_future();
    auto on_end = [ended = std::move(ended)](std::exception_ptr thrown) {
        ended->set_value();
        if (thrown) std::rethrow_exception(thrown);
    };
    asio::co_spawn(executor_, run(), std::move(on_end));
}

watch::~watch()
{
    asio::post(executor_, [this] { stop(); });
    ended_.wait();
}

void watch::stop()
{
    is_stopping_ = true;
    servers_.stop();
    conn_.drop(stopping);
    due_.notify();
    contact_due_.notify();
}

void watch::set(session_watch watcher)
{
    {
        std::lock_guard const lock{mutex_};
        watcher_ = {};
    }
    if (is_empty(watcher)) return;
    std::promise<void> done;
    auto installed = done.get_future();
    asio::post(executor_, [this, &watcher, &done] {
        waiting_ = waiting_watch{&watcher, &done};
        if (server_) {
            due_.notify();
        } else {
            journal_.begin_without_snapshot(steady_clock::now());
            install();
        }
    });
    installed.wait();
}

void watch::set_bans(ban_watch watcher)
{
    std::lock_guard const lock{mutex_};
    ban_watcher_ = std::move(watcher);
    if (ban_watcher_ && bans_) ban_watcher_(*bans_);
}

void watch::set_proved(bool is_proved)
{
    if (is_proved == is_proved_) return;
    if (handlers_.on_primary) handlers_.on_primary(is_proved ? server_ : std::nullopt);
    is_proved_ = is_proved;
}

void watch::install() noexcept
{
    if (!waiting_) return;
    auto const waiting = *std::exchange(waiting_, std::nullopt);
    is_watched_ = true;
    {
        std::lock_guard const lock{mutex_};
        watcher_ = std::move(*waiting.watcher);
        is_partitioned_ = false;  // it is told anew, by update_contact()
    }
    contact_due_.notify();
    waiting.done->set_value();
}

bool watch::wait_for_contact(std::chrono::milliseconds patience)
{
    std::unique_lock lock{mutex_};
    return contacted_.wait_for(lock, patience, [this] { return has_contact_ && bans_; });
}

task<void> watch::run()
{
    if (handlers_.on_primary) handlers_.on_primary(std::nullopt);
    while (!is_stopping_) {
        try {
            co_await (keep_watching() && watch_contact());
        } catch (std::bad_alloc const&) {
            on_disconnected(no_memory);
        }
    }
    on_disconnected(stopping);
}

task<void> watch::keep_watching()
{
    while (!is_stopping_) {
        try {
            co_await connect_and_watch();
            on_disconnected({});
        } catch (column_error const& error) {
            on_disconnected(error.what());
        }
        if (!is_stopping_) co_await due_.wait_until(steady_clock::now() + pause_.next());
    }
}

void watch::on_disconnected(std::string_view problem)
{
    set_proved(false);
    if (server_ && !is_stopping_) servers_.distrust(*server_);
    server_.reset();
    if (!problem.empty()) conn_.drop(problem);
    if (!problem.empty() && !is_stopping_) faults_.report("watch", {}, problem);
    install_without_snapshot();
}

void watch::install_without_snapshot() noexcept
{
    if (waiting_) journal_.begin_without_snapshot(steady_clock::now());
    install();
}

task<void> watch::connect_and_watch()
{
    auto connected = co_await servers_.connect(conn_);
    if (is_stopping_) co_return;
    if (!connected) {
        faults_.report("connect", {}, connected.error().text);
        co_return;
    }
    journal_.on_connected();
    ban_journal_.on_connected();
    heartbeat_.on_connected();
    look_errors_ = ban_errors_ = beat_errors_ = prune_errors_ = 0;
    server_ = std::move(*connected);
    auto next_beat = steady_clock::now();
    while (!is_stopping_) {
        auto const next_look = steady_clock::now() + options_.look_interval;
        auto const looked = co_await look();
        if (!looked) co_return;
        auto const read = co_await read_bans(std::min(next_look, next_beat));
        if (!read) co_return;
        if (auto const now = steady_clock::now(); now >= next_beat) {
            next_beat = now + options_.beat_interval;
            auto const beaten = co_await beat();
            if (!beaten) co_return;
        }
        auto const pruned = co_await prune();
        if (!pruned) co_return;
        auto const next = std::min(next_look, next_beat);
        if (!waiting_ && !is_stopping_ && !ban_journal_.is_reading()) co_await due_.wait_until(next);
    }
}

/// Whether the connection goes on, as beat() and prune().
task<bool> watch::look()
{
    auto const sent = steady_clock::now();
    bool const begins = waiting_.has_value();
    if (begins || !is_watched_) journal_.begin();
    auto work = journal_.look(sent);
    ban_journal::add_look(work);
    auto const answer = co_await conn_.exchange(std::move(work), sent + options_.watch_patience);
    if (!is_done(answer, look_errors_)) {
        install_without_snapshot();
        co_return conn_.is_open();
    }
    auto const found = journal_.take(answer, sent);
    contact_.on_look(sent);
    if (handlers_.on_look) handlers_.on_look(sent);
    if (begins) install();
    report(found);
    update_contact();
    ban_journal_.take_look(answer.results.at(1), steady_clock::now());
    co_return true;
}

/// Reads a part of changed bans, and more of them until this time. The rest follows after the next look.
task<bool> watch::read_bans(steady_clock::time_point until)
{
    while (ban_journal_.is_reading() && !is_stopping_) {
        auto work = ban_journal_.read();
        auto const answer = co_await conn_.exchange(std::move(work), steady_clock::now() + options_.watch_patience);
        if (!is_done(answer, ban_errors_)) co_return conn_.is_open();
        auto const now = steady_clock::now();
        if (auto read = ban_journal_.take(answer, now)) report_bans(std::move(*read));
        if (now >= until) co_return true;
    }
    co_return true;
}

task<bool> watch::beat()
{
    auto const sent = steady_clock::now();
    auto work = heartbeat_.beat();
    auto const answer = co_await conn_.exchange(std::move(work), sent + options_.watch_patience);
    if (!is_done(answer, beat_errors_)) co_return conn_.is_open();
    pause_.reset();
    heartbeat_.take(answer, sent, steady_clock::now());
    contact_.on_beat(sent);
    set_proved(true);
    if (heartbeat_.works_with() > schema_version) report_loss();
    update_contact();
    {
        std::lock_guard const lock{mutex_};
        has_contact_ = true;
    }
    contacted_.notify_all();
    co_return true;
}

task<bool> watch::prune()
{
    auto const now = steady_clock::now();
    auto work = journal_.prune(now);
    if (!work) co_return true;
    auto const answer = co_await conn_.exchange(std::move(*work), now + options_.watch_patience);
    if (!is_done(answer, prune_errors_)) co_return conn_.is_open();
    journal_.on_pruned(answer);
    co_return true;
}

/// Drops the connection if the server did not answer, or has answered with one error after the other. One that is
/// alone is of the moment, such as a lock.
bool watch::is_done(reply const& answer, int& errors)
{
    if (answer.outcome == outcome::done) {
        errors = 0;
        return true;
    }
    if (!is_stopping_) faults_.report("watch", answer.error.code, answer.error.message);
    if (answer.outcome == outcome::unknown || ++errors >= most_errors) conn_.drop(answer.error.message);
    return false;
}

void watch::report(journal_report const& found)
{
    std::lock_guard const lock{mutex_};
    if (!found.ended.empty() && watcher_.on_sessions_ended) watcher_.on_sessions_ended(found.ended);
    if (found.is_incomplete && watcher_.on_reports_missed) watcher_.on_reports_missed();
}

void watch::report_bans(std::vector<ban> read)
{
    {
        std::lock_guard const lock{mutex_};
        if (bans_ == read) return;             // on a new connection
        if (ban_watcher_) ban_watcher_(read);  // first: if it throws, they are read and told again
        bans_ = std::move(read);
    }
    contacted_.notify_all();
}

void watch::report_loss()
{
    is_store_lost_ = true;
    if (handlers_.on_lost) handlers_.on_lost();
    std::lock_guard const lock{mutex_};
    if (is_loss_reported_ || !watcher_.on_store_lost) return;
    watcher_.on_store_lost("the database has a newer schema than this program can use: install a newer one");
    is_loss_reported_ = true;
}

void watch::update_contact()
{
    bool const is_expired = contact_.is_expired(steady_clock::now());
    std::lock_guard const lock{mutex_};
    if (is_expired == is_partitioned_) return;
    auto const& changed = is_expired ? watcher_.on_partitioned : watcher_.on_rejoined;
    if (changed) changed();
    is_partitioned_ = is_expired;
}

task<void> watch::watch_contact()
{
    while (!is_stopping_) {
        try {
            update_contact();
        } catch (std::bad_alloc const&) {  // it is told again at the next look
            faults_.report("watch", {}, no_memory);
        }
        // A look or a heartbeat after this postpones the end.
        auto const now = steady_clock::now();
        auto const next = contact_.is_expired(now) ? now + contact::limit : contact_.expires_at();
        co_await contact_due_.wait_until(next);
    }
}

}  // namespace porter::detail::store::postgres
