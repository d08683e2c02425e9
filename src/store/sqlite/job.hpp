#pragma once

#include <asio/async_result.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

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

    /// Does the work and stores the outcome; may throw error, and may be run again after that. False: the outcome is an
    /// error and nothing is to be committed.
    virtual bool run(database& db) = 0;
    /// Replaces the outcome by `unavailable`.
    virtual void fail() = 0;
    /// Passes the outcome to the waiting task, on the task's own thread. Called once, as the last call.
    virtual void finish() = 0;

    files const reads_from;
    time queued_at{};
};

template <typename Work, typename Handler>
class request final : public job {
public:
    /// `work` lives in the frame of the waiting task, which lives as long as its handler.
    request(Work& work, files from, io_executor const& executor, Handler handler)
        : job(from), work_(work), guard_(executor), handler_(std::move(handler))
    {}

    bool run(database& db) override
    {
        outcome_.emplace(work_(db));
        return outcome_->has_value();
    }

    void fail() override { outcome_.emplace(unexpected(errc::unavailable)); }

    void finish() override
    {
        auto const executor = guard_.get_executor();
        // The guard moves along, so that this thread does not touch the context after the task has resumed.
        auto resume = [guard = std::move(guard_), handler = std::move(handler_),
                       outcome = std::move(*outcome_)]() mutable { std::move(handler)(std::move(outcome)); };
        asio::post(executor, std::move(resume));
    }

private:
    using outcome = std::invoke_result_t<Work&, database&>;

    Work& work_;
    asio::executor_work_guard<io_executor> guard_;
    Handler handler_;
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
    auto initiate = [&queue, &work, &executor, from](auto handler) {
        using handler_type = std::decay_t<decltype(handler)>;
        std::unique_ptr<job> pending =
            std::make_unique<request<Work, handler_type>>(work, from, executor, std::move(handler));
        if (!queue.try_push(pending)) {
            pending->fail();
            pending->finish();
        }
    };
    auto operation = asio::async_initiate<decltype(use_task) const, void(outcome)>(initiate, use_task);
    co_return co_await std::move(operation);
}

}  // namespace porter::detail::store::sqlite
