#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "porter/outbox.hpp"
#include "porter/task.hpp"
#include "protocol/kinds.hpp"
#include "server/close_reason.hpp"

namespace porter::detail::server {

class connection;

/// The messages that were posted to a connection and are not yet in its output. Shared by the connection and all copies
/// of its porter::outbox. Posting is for any thread; the other members are for the connection's thread.
class outbox_queue : public std::enable_shared_from_this<outbox_queue> {
public:
    struct item {
        protocol::kind kind;
        std::shared_ptr<std::string const> body;
    };

    /// `limit`: bytes, except that one message of any size is accepted. `conn` calls detach() before it is destroyed.
    outbox_queue(connection& conn, io_executor executor, std::size_t limit)
        : executor_(executor), limit_(limit), conn_(&conn)
    {}

    /// Queues a message, and lets the connection send it. Any thread.
    post_result post(protocol::kind kind, std::shared_ptr<std::string const> body);

    /// Lets the connection close, once it has sent what was posted before. Any thread.
    void close(close_reason reason);

    /// Lets the connection call write_outbox(), if messages are queued.
    void schedule();

    /// Waits until no message is queued. False: each later post returns `gone`. Any thread.
    static task<bool> wait_until_drained(std::shared_ptr<outbox_queue> self);

    /// The next message, which is no longer queued.
    std::optional<item> take();

    std::size_t bytes() const;

    /// The connection ends: each later post returns `gone`. What was posted before can still be taken.
    void end() noexcept;

    /// The same, and drops what was not taken: `conn` is about to be destroyed.
    void detach() noexcept;

private:
    /// What an entry costs beside its body, so that empty messages are bounded, too.
    static constexpr std::size_t item_overhead = 64;

    class waiter;

    void schedule_locked();
    void deliver_or_close();
    void end_waits_locked();

    io_executor const executor_;
    std::size_t const limit_;
    mutable std::mutex mutex_;
    connection* conn_;  // null: detached
    std::deque<item> items_;
    std::size_t bytes_ = 0;
    std::optional<close_reason> closing_;
    std::vector<waiter*> waiters_;  // in the frames of the coroutines
    bool scheduled_ = false;
    bool has_ended_ = false;
};

}  // namespace porter::detail::server
