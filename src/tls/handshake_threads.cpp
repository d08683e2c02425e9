#include "tls/handshake_threads.hpp"

#include <asio/associated_cancellation_slot.hpp>
#include <iterator>
#include <new>
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
        for (auto& each : site_queue.steps) each.waiter.resume(std::nullopt);
    }
}

task<std::optional<engine::progress>> handshake_threads::run_step(engine& session, std::string const& site)
{
    using value = std::optional<engine::progress>;
    // A cancellation before this point would not withdraw the step.
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return std::nullopt;
    auto executor = co_await asio::this_coro::executor;
    step_list added;
    added.push_back(step{&session, base::suspended_task<value>{executor}, std::chrono::steady_clock::now()});
    auto initiate = [this, &session, &site, &added](base::resume_handler<value> handler) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        auto& waiter = added.front().waiter;
        waiter.suspend(std::move(handler));
        try {
            if (slot.is_connected()) slot.assign([this, &session](asio::cancellation_type) { withdraw(session); });
            enqueue(added, site);
        } catch (std::bad_alloc const&) {  // Asio calls this from a function that is noexcept
            waiter.resume(std::nullopt);
        }
    };
    auto operation = base::suspend<value>(initiate);
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
    withdrawn.front().waiter.resume(std::nullopt);
}

std::size_t handshake_threads::pending() const
{
    std::lock_guard const lock{mutex_};
    return positions_.size();
}

void handshake_threads::enqueue(step_list& added, std::string const& site)
{
    {
        std::lock_guard const lock{mutex_};
        auto const* const session = added.front().session;
        auto& entry = positions_[session];
        try {
            entry.owner = queue_of(site);
        } catch (std::bad_alloc const&) {
            positions_.erase(session);
            throw;
        }
        entry.entry = added.begin();
        entry.owner->steps.splice(entry.owner->steps.end(), added);
    }
    changed_.notify_one();
}

/// The queue of the site; a new one is empty, until the caller adds a step.
handshake_threads::queue_list::iterator handshake_threads::queue_of(std::string const& site)
{
    if (auto const known = by_site_.find(site); known != by_site_.end()) return known->second;
    queue_list added;
    added.push_back({site, {}});
    auto const own = added.begin();
    by_site_.emplace(own->site, own);
    queues_.splice(queues_.end(), added);
    return own;
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
        auto const start = std::chrono::steady_clock::now();
        waiting_.observe(start - current.made_at);
        auto const result = current.session->handshake();
        working_.observe(std::chrono::steady_clock::now() - start);
        current.waiter.resume(result);
    }
}

}  // namespace porter::detail::tls
