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
    for (auto& site_queue : queues_) {
        for (auto& each : site_queue.steps) resume(std::move(each), std::nullopt);
    }
}

task<std::optional<engine::progress>> handshake_threads::run_step(engine& session, std::string const& site)
{
    using value = std::optional<engine::progress>;
    // A cancellation before this point would not withdraw the step.
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
    step_list withdrawn;
    {
        std::lock_guard const lock{mutex_};
        auto const found = positions_.find(&session);
        if (found == positions_.end()) return;
        withdrawn = remove(found->second);
    }
    resume(std::move(withdrawn.front()), std::nullopt);
}

std::size_t handshake_threads::pending() const
{
    std::lock_guard const lock{mutex_};
    return positions_.size();
}

void handshake_threads::resume(step&& finished, std::optional<engine::progress> result)
{
    auto const executor = finished.guard.get_executor();
    // The guard moves to the task's thread and is released there: here the context may be destroyed by then.
    asio::post(executor, [guard = std::move(finished.guard), waiter = std::move(finished.waiter), result]() mutable {
        // A later cancellation is for the task's next operation.
        asio::get_associated_cancellation_slot(waiter).clear();
        std::move(waiter)(result);
    });
}

void handshake_threads::enqueue(step&& added, std::string const& site)
{
    {
        std::lock_guard const lock{mutex_};
        auto own_queue = by_site_.find(site);
        if (own_queue == by_site_.end()) {
            queues_.push_back({site, {}});
            own_queue = by_site_.emplace(queues_.back().site, std::prev(queues_.end())).first;
        }
        auto& steps = own_queue->second->steps;
        steps.push_back(std::move(added));
        positions_.emplace(steps.back().session, position{own_queue->second, std::prev(steps.end())});
    }
    changed_.notify_one();
}

/// Returns the step as a list of one. Removes its queue if that is then empty.
handshake_threads::step_list handshake_threads::remove(position from)
{
    positions_.erase(from.entry->session);
    step_list removed;
    removed.splice(removed.end(), from.owner->steps, from.entry);
    if (from.owner->steps.empty()) {
        by_site_.erase(from.owner->site);
        queues_.erase(from.owner);
    }
    return removed;
}

/// The first step of the next queue, which becomes the last one (round robin); empty: the threads must end.
handshake_threads::step_list handshake_threads::pop()
{
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return stopped_ || !queues_.empty(); });
    if (stopped_) return {};
    queues_.splice(queues_.end(), queues_, queues_.begin());
    auto const next = std::prev(queues_.end());
    return remove({next, next->steps.begin()});
}

void handshake_threads::run()
{
    base::lower_thread_priority("porter-tls", niceness);
    for (auto next = pop(); !next.empty(); next = pop()) {
        auto& current = next.front();
        auto const result = current.session->handshake();
        resume(std::move(current), result);
    }
}

}  // namespace porter::detail::tls
