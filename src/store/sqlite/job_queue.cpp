#include "store/sqlite/job_queue.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

#include "store/sqlite/job.hpp"

namespace porter::detail::store::sqlite {

job_queue::job_queue(std::size_t limit, lane_statistics& statistics) : limit_(limit), statistics_(statistics) {}

job_queue::~job_queue() = default;

bool job_queue::try_push(jobs& waiting)
{
    std::lock_guard const lock{mutex_};
    if (closed_ || pending_.size() >= limit_) return false;
    add(waiting);
    return true;
}

void job_queue::push(jobs& waiting)
{
    std::lock_guard const lock{mutex_};
    assert(!closed_);
    add(waiting);
}

void job_queue::add(jobs& waiting)
{
    waiting.front()->queued_at = std::chrono::steady_clock::now();
    pending_.splice(pending_.end(), waiting);
    changed_.notify_one();
}

job_queue::jobs job_queue::take(std::size_t most, time until)
{
    std::unique_lock lock{mutex_};
    auto const ready = [this] { return closed_ || !pending_.empty(); };
    if (until == time::max()) {
        changed_.wait(lock, ready);
    } else {
        changed_.wait_until(lock, until, ready);
    }
    auto const count = static_cast<std::ptrdiff_t>(std::min(most, pending_.size()));
    jobs taken;
    taken.splice(taken.end(), pending_, pending_.begin(), std::next(pending_.begin(), count));
    return taken;
}

void job_queue::close()
{
    std::lock_guard const lock{mutex_};
    closed_ = true;
    changed_.notify_all();
}

void job_queue::count(jobs const& done) noexcept
{
    if (done.empty()) return;
    auto const now = std::chrono::steady_clock::now();
    for (auto const& each : done) {
        statistics_.latency.observe(now - each->queued_at);
        if (each->has_failed) statistics_.failed.add();
    }
    statistics_.batches.add();
}

bool job_queue::is_finished() const
{
    std::lock_guard const lock{mutex_};
    return closed_ && pending_.empty();
}

}  // namespace porter::detail::store::sqlite
