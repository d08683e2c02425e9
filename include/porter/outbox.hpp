#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "porter/error.hpp"
#include "porter/task.hpp"

namespace porter {

namespace detail::server {
class outbox_queue;
}

/// The result of a post.
enum class post_result : std::uint8_t {
    queued,  ///< it is sent unless the connection ends first
    full,    ///< dropped: with it more than server_options::max_outbox bytes would wait
    gone,    ///< dropped: the connection has ended
};

/// Sends messages to a client from anywhere: another connection's service, a timer, a thread. Made by
/// connection::outbox(). All copies are one queue, whose messages arrive in the order in which they were posted.
///
///     for (auto& member : members) member.post(line);
///
/// A message is sent at once when the connection is quiet, else after what is being written; relative to what the
/// service itself queues the order is not defined. Messages that were posted before the service returns, or before
/// close(), are sent before the connection closes, unless it is lost.
///
/// Limits: server_options::max_outbox; while nothing waits, a message of any size is accepted. The client ends a
/// connection on which it receives a text that is not valid UTF-8, or more than its limit (docs/PROTOCOL.md, frames).
///
/// Threads: every member may be called from any thread, also at the same time on copies. No member but drained()
/// suspends or waits for the network.
///
/// Cancellation: drained() can be cancelled, and throws asio::error::operation_aborted; what was posted is sent all the
/// same.
///
/// Lifetime: an outbox outlives its connection and the server; then posts return `gone`.
///
/// Errors: std::bad_alloc; then nothing was posted.
class outbox {
public:
    /// Posts a text, which must be valid UTF-8. `text` is copied.
    post_result post(std::string_view text) const;
    /// The same without a copy, for one text to many clients. Not null; must not change any more.
    post_result post(std::shared_ptr<std::string const> text) const;

    /// Posts any bytes as a data message. `bytes` is copied.
    post_result post_data(std::string_view bytes) const;
    /// The same without a copy. Not null; must not change any more.
    post_result post_data(std::shared_ptr<std::string const> bytes) const;

    /// Waits until no posted message waits any more: all are in the connection's output or written. Then a message of
    /// any size is accepted, unless another one is posted before. False: the connection has ended. For a producer that
    /// goes at the pace of its client:
    ///
    ///     while (box.post(line) == porter::post_result::full) {
    ///         auto const is_open = co_await box.drained();
    ///         if (!is_open) co_return;
    ///     }
    ///
    /// For coroutines of any io_context, where they resume, and any number of them. While the server runs on other
    /// threads, an io_context must not be destroyed before the waits of its coroutines have ended.
    task<bool> drained() const;

    /// Closes the connection, as connection::close() does, after what was posted before: nothing when it has ended.
    /// Every later post returns `gone`. After slow_consumer the posted messages are dropped.
    void close(code value, std::string reason = {}) const;

private:
    friend class connection;
    explicit outbox(std::shared_ptr<detail::server::outbox_queue> queue) : queue_(std::move(queue)) {}

    std::shared_ptr<detail::server::outbox_queue> queue_;
};

}  // namespace porter
