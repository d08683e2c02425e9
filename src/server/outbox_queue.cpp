#include "server/outbox_queue.hpp"

#include <utility>

#include "base/asio.hpp"
#include "server/connection.hpp"

namespace porter::detail::server {

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

std::optional<outbox_queue::item> outbox_queue::take()
{
    std::lock_guard const lock{mutex_};
    if (items_.empty()) return std::nullopt;
    auto next = std::move(items_.front());
    items_.pop_front();
    bytes_ -= next.body->size() + item_overhead;
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
}

void outbox_queue::detach() noexcept
{
    {
        std::lock_guard const lock{mutex_};
        has_ended_ = true;
        conn_ = nullptr;
        bytes_ = 0;
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

void outbox::close(code value, std::string reason) const
{
    queue_->close(close_reason::local(value, reason));
}

}  // namespace porter
