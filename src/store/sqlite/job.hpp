#pragma once

#include <asio/this_coro.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/suspended_task.hpp"
#include "porter/result.hpp"
#include "porter/task.hpp"
#include "store/ports.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/job_queue.hpp"

namespace porter::detail::store::sqlite {

/// An operation on the database and the task that waits for its outcome.
class job {
public:
    using time = std::chrono::steady_clock::time_point;

    /// Which files a job reads when the opened ones are lost.
    enum class files : std::uint8_t { opened, current };

    explicit job(files from = files::opened) noexcept : reads_from(from) {}
    virtual ~job() = default;
    job(job const&) = delete;
    job& operator=(job const&) = delete;

    /// Does the work and stores the outcome; may throw error and std::bad_alloc, and may be run again after that.
    /// False: the outcome is an error and nothing is to be committed.
    virtual bool run(database& db) = 0;
    /// Replaces the outcome by `unavailable`.
    virtual void fail() noexcept = 0;
    /// Passes the outcome to the waiting task, on the task's own thread. Called once, as the last call.
    virtual void finish() noexcept = 0;

    files const reads_from;
    time queued_at{};
    bool has_failed = false;  ///< fail() was called
};

template <typename Work>
class request final : public job {
public:
    using outcome = std::invoke_result_t<Work&, database&>;

    /// `work` lives in the frame of the waiting task.
    request(Work& work, files from, io_executor const& executor) : job(from), work_(work), task_(executor) {}

    void suspend(base::resume_handler<outcome> handler) noexcept { task_.suspend(std::move(handler)); }

    bool run(database& db) override
    {
        outcome_.emplace(work_(db));
        return outcome_->has_value();
    }

    void fail() noexcept override
    {
        outcome_.emplace(unexpected(errc::unavailable));
        has_failed = true;
    }

    void finish() noexcept override { task_.resume(std::move(*outcome_)); }

private:
    Work& work_;
    base::suspended_task<outcome> task_;
    std::optional<outcome> outcome_;
};

/// Runs `work` (from database& to a store::result; may throw error) on the thread of the queue and resumes with its
/// outcome; `unavailable` when the queue is full. `work` may be run more than once, so it keeps no state.
template <typename Work>
auto submit(job_queue& queue, Work work, job::files from = job::files::opened)
    -> task<std::invoke_result_t<Work&, database&>>
{
    using outcome = std::invoke_result_t<Work&, database&>;
    auto const executor = co_await asio::this_coro::executor;
    auto made = std::make_unique<request<Work>>(work, from, executor);
    auto& waiting = *made;
    job_queue::jobs pending(1);
    pending.front() = std::move(made);
    auto initiate = [&queue, &pending, &waiting](base::resume_handler<outcome> handler) {
        waiting.suspend(std::move(handler));
        if (queue.try_push(pending)) return;
        waiting.fail();
        queue.statistics().failed.add();
        waiting.finish();
    };
    auto operation = base::suspend<outcome>(initiate);
    co_return co_await std::move(operation);
}

}  // namespace porter::detail::store::sqlite
