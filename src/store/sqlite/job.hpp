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

#include "porter/task.hpp"
#include "store/ports.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/job_queue.hpp"

namespace porter::detail::store::sqlite {

/// One request to the database, and the task that waits for its outcome.
class job {
public:
    using time = std::chrono::steady_clock::time_point;

    /// What a job reads when the files that were opened are not the database any more.
    enum class reading : std::uint8_t { what_was_opened, what_is_there_now };

    explicit job(reading what = reading::what_was_opened) noexcept : reads(what) {}
    virtual ~job() = default;
    job(job const&) = delete;
    job& operator=(job const&) = delete;

    /// Does the work and keeps the outcome; may throw failure, and may be run again after that. False: the outcome is
    /// a refusal, which changes nothing.
    virtual bool run(database& db) = 0;
    /// Makes the outcome `unavailable`, whatever it was.
    virtual void fail() = 0;
    /// Hands the outcome to the waiting task, on the task's own thread. Once, as the last call.
    virtual void finish() = 0;

    reading const reads;
    time queued_at{};
};

template <typename Work, typename Handler>
class request final : public job {
public:
    /// `work` is referred to: it lives in the frame of the waiting task, which lives as long as its handler.
    request(Work& work, reading what, io_executor const& executor, Handler handler)
        : job(what), work_(work), guard_(executor), handler_(std::move(handler))
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
        // The guard goes along, so that this thread does not touch the context after the task has gone on.
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

/// Has `work` (a function from database& to some store::result, which may throw failure) run by the thread that serves
/// the queue, and resumes with its outcome. A queue that is full answers `unavailable`. `work` may be run more than
/// once, so it changes nothing of its own.
template <typename Work>
auto ask(job_queue& queue, Work work, job::reading what = job::reading::what_was_opened)
    -> task<std::invoke_result_t<Work&, database&>>
{
    using outcome = std::invoke_result_t<Work&, database&>;
    auto const executor = co_await asio::this_coro::executor;
    auto initiate = [&queue, &work, &executor, what](auto handler) {
        using handler_type = std::decay_t<decltype(handler)>;
        std::unique_ptr<job> made =
            std::make_unique<request<Work, handler_type>>(work, what, executor, std::move(handler));
        if (!queue.try_push(made)) {
            made->fail();
            made->finish();
        }
    };
    auto operation = asio::async_initiate<decltype(use_task) const, void(outcome)>(initiate, use_task);
    co_return co_await std::move(operation);
}

}  // namespace porter::detail::store::sqlite
