#include "tls/handshake_threads.hpp"

#include <asio/associated_cancellation_slot.hpp>
#include <iterator>
#include <system_error>
#include <utility>

#include "base/thread.hpp"
#include "porter/start_error.hpp"

namespace porter::detail::tls {
namespace {

constexpr int niceness = 5;  // after the I/O threads, before the password hashes

}  // namespace

handshake_threads::handshake_threads(std::size_t count)
{
    threads_.reserve(count);
    try {
        for (; count > 0; --count) threads_.emplace_back([this] { run(); });
    } catch (std::system_error const& error) {
        stop();
        throw start_error(start_errc::configuration,
                          std::string("cannot start the threads for TLS handshakes: ") + error.what());
    }
}

handshake_threads::~handshake_threads()
{
    stop();
}

void handshake_threads::stop()
{
    {
        std::lock_guard const lock{mutex_};
        stopped_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
    for (auto& each : lines_) {
        for (auto& one : each.waiting) resume(std::move(one), std::nullopt);
    }
}

task<std::optional<engine::progress>> handshake_threads::take_step(engine& session, std::string const& site)
{
    using value = std::optional<engine::progress>;
    // Cancelled already, while something else was waited for: nobody could withdraw the step any more.
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return std::nullopt;
    auto executor = co_await asio::this_coro::executor;
    auto initiate = [this, &session, &site, executor](auto handler) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) slot.assign([this, &session](asio::cancellation_type) { withdraw(session); });
        enqueue({&session, asio::executor_work_guard<io_executor>{executor}, std::move(handler)}, site);
    };
    auto operation = asio::async_initiate<decltype(use_task) const, void(value)>(initiate, use_task);
    co_return co_await std::move(operation);
}

void handshake_threads::withdraw(engine const& session)
{
    steps found;
    {
        std::lock_guard const lock{mutex_};
        auto const at = jobs_by_engine_.find(&session);
        if (at == jobs_by_engine_.end()) return;
        found = take_out(at->second);
    }
    resume(std::move(found.front()), std::nullopt);
}

std::size_t handshake_threads::waiting() const
{
    std::lock_guard const lock{mutex_};
    return jobs_by_engine_.size();
}

void handshake_threads::resume(step&& done, std::optional<engine::progress> got)
{
    auto const executor = done.guard.get_executor();
    // The guard goes along: it is given back on the task's thread, not here when the context may be gone.
    asio::post(executor, [guard = std::move(done.guard), waiter = std::move(done.waiter), got]() mutable {
        // Cancelled from now on is what the task does next.
        asio::get_associated_cancellation_slot(waiter).clear();
        std::move(waiter)(got);
    });
}

void handshake_threads::enqueue(step&& added, std::string const& site)
{
    {
        std::lock_guard const lock{mutex_};
        auto own = by_site_.find(site);
        if (own == by_site_.end()) {
            lines_.push_back({site, {}});
            own = by_site_.emplace(lines_.back().site, std::prev(lines_.end())).first;
        }
        auto& waiting = own->second->waiting;
        waiting.push_back(std::move(added));
        jobs_by_engine_.emplace(waiting.back().session, place{own->second, std::prev(waiting.end())});
    }
    changed_.notify_one();
}

/// A list of it alone; its line goes when it is empty.
handshake_threads::steps handshake_threads::take_out(place from)
{
    jobs_by_engine_.erase(from.at->session);
    steps taken;
    taken.splice(taken.end(), from.in->waiting, from.at);
    if (from.in->waiting.empty()) {
        by_site_.erase(from.in->site);
        lines_.erase(from.in);
    }
    return taken;
}

/// The first of the line whose turn it is, which then waits for all others' turns; empty: the threads are to end.
handshake_threads::steps handshake_threads::pop()
{
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return stopped_ || !lines_.empty(); });
    if (stopped_) return {};
    lines_.splice(lines_.end(), lines_, lines_.begin());
    auto const turn = std::prev(lines_.end());
    return take_out({turn, turn->waiting.begin()});
}

void handshake_threads::run()
{
    base::lower_thread_priority("porter-tls", niceness);
    for (auto next = pop(); !next.empty(); next = pop()) {
        auto& one = next.front();
        auto const got = one.session->handshake();
        resume(std::move(one), got);
    }
}

}  // namespace porter::detail::tls
