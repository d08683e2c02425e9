#include "server/outbox_queue.hpp"

#include <chrono>
#include <utility>

#include "base/asio.hpp"
#include "base/cancellation_check.hpp"
#include "server/connection.hpp"

namespace porter::detail::server {

/// A coroutine that waits until the queue has drained. Other threads end its wait: so the timer, which does not expire
/// by itself, is used with the mutex locked. The frame of the coroutine belongs to its io_context alone, and this to
/// the frame: an io_context may be destroyed while a coroutine waits.
class outbox_queue::waiter {
public:
    waiter(outbox_queue& queue, io_executor const& executor)
        : queue_(queue), timer_(executor, std::chrono::steady_clock::time_point::max())
    {
        std::lock_guard const lock{queue_.mutex_};
        queue_.waiters_.push_back(this);
        is_over_ = queue_.items_.empty() || queue_.has_ended_;
    }
    ~waiter()
    {
        std::lock_guard const lock{queue_.mutex_};
        std::erase(queue_.waiters_, this);
    }
    waiter(waiter const&) = delete;
    waiter& operator=(waiter const&) = delete;

    /// Begins the wait; `handler` takes its error code.
    template <typename Handler>
    void start(Handler handler)
    {
        std::lock_guard const lock{queue_.mutex_};
        if (is_over_) timer_.expires_at(std::chrono::steady_clock::now());
        timer_.async_wait(std::move(handler));
    }

    void end_locked()
    {
        is_over_ = true;
        timer_.cancel();
    }

private:
    outbox_queue& queue_;
    base::steady_timer timer_;
    bool is_over_ = false;  // also before start()
};

post_result outbox_queue::post(protocol::kind kind, std::shared_ptr<std::string const> body)
{
    std::lock_guard const lock{mutex_};
    if (has_ended_) return post_result::gone;
    auto const size = body->size() + item_overhead;
    if (bytes_ + size > limit_ && !items_.empty()) return post_result::full;
    schedule_locked();  // first, because it may throw; it runs when the mutex is free
    items_.push_back({kind, std::move(body)});
    bytes_ += size;
    return post_result::queued;
}

void outbox_queue::close(close_reason reason)
{
    std::lock_guard const lock{mutex_};
    if (has_ended_) return;
    schedule_locked();
    has_ended_ = true;
    closing_ = std::move(reason);
    end_waits_locked();
}

void outbox_queue::schedule()
{
    std::lock_guard const lock{mutex_};
    if (!items_.empty()) schedule_locked();
}

/// With the mutex locked: then the executor exists, because the connection does.
void outbox_queue::schedule_locked()
{
    if (scheduled_ || conn_ == nullptr) return;
    asio::post(executor_, [self = shared_from_this()] { self->deliver_or_close(); });
    scheduled_ = true;
}

void outbox_queue::deliver_or_close()
{
    std::unique_lock lock{mutex_};
    scheduled_ = false;
    auto* const conn = conn_;  // it ends on this thread only
    auto closing = std::exchange(closing_, std::nullopt);
    lock.unlock();
    if (conn == nullptr) return;
    if (closing) return conn->abort(std::move(*closing));
    conn->write_outbox();
}

task<bool> outbox_queue::wait_until_drained(std::shared_ptr<outbox_queue> self)
{
    auto const executor = co_await asio::this_coro::executor;
    auto const state = co_await asio::this_coro::cancellation_state;
    base::cancellation_check const cancellation{state};
    waiter own{*self, executor};
    auto const start = [&own](auto handler) { own.start(std::move(handler)); };
    auto token = base::use_tuple;
    auto operation = asio::async_initiate<base::use_tuple_t, void(base::error_code)>(start, token);
    co_await std::move(operation);
    cancellation.throw_if_cancelled();
    std::lock_guard const lock{self->mutex_};
    co_return !self->has_ended_;
}

void outbox_queue::end_waits_locked()
{
    for (auto* const each : waiters_) each->end_locked();
}

std::optional<outbox_queue::item> outbox_queue::take()
{
    std::lock_guard const lock{mutex_};
    if (items_.empty()) return std::nullopt;
    auto next = std::move(items_.front());
    items_.pop_front();
    bytes_ -= next.body->size() + item_overhead;
    if (items_.empty()) end_waits_locked();
    return next;
}

std::size_t outbox_queue::bytes() const
{
    std::lock_guard const lock{mutex_};
    return bytes_;
}

void outbox_queue::end() noexcept
{
    std::lock_guard const lock{mutex_};
    has_ended_ = true;
    end_waits_locked();
}

void outbox_queue::detach() noexcept
{
    {
        std::lock_guard const lock{mutex_};
        has_ended_ = true;
        conn_ = nullptr;
        bytes_ = 0;
        end_waits_locked();
    }
    // No post() touches the messages from here on, so they are freed without the mutex. They are cleared in place: an
    // empty deque to swap them with would allocate.
    items_.clear();
}

}  // namespace porter::detail::server

namespace porter {

namespace {

using detail::protocol::kind;
using detail::server::close_reason;

}  // namespace

post_result outbox::post(std::string_view text) const
{
    return post(std::make_shared<std::string const>(text));
}

post_result outbox::post(std::shared_ptr<std::string const> text) const
{
    return queue_->post(kind::text, std::move(text));
}

post_result outbox::post_data(std::string_view bytes) const
{
    return post_data(std::make_shared<std::string const>(bytes));
}

post_result outbox::post_data(std::shared_ptr<std::string const> bytes) const
{
    return queue_->post(kind::data, std::move(bytes));
}

task<bool> outbox::drained() const
{
    return detail::server::outbox_queue::wait_until_drained(queue_);
}

void outbox::close(code value, std::string reason) const
{
    queue_->close(close_reason::local(value, reason));
}

}  // namespace porter
