#pragma once

#include "base/asio.hpp"

namespace porter::detail::server {

class connection;

/// Orders the reads of one worker's connections. After replying, a connection yields to every ready connection before
/// its next read. By then the peer's next message has mostly arrived, so few reads find nothing and become asynchronous
/// operations. On the worker's thread.
class read_scheduler {
public:
    explicit read_scheduler(io_executor executor) noexcept : executor_(executor) {}

    /// Queues a read of the connection; starts it at once if no other connection has read since its last. The
    /// connection must live until the read.
    void schedule(connection& conn);

private:
    /// A list of connections by their `next_scheduled_`.
    struct queue {
        void push(connection& conn) noexcept;

        connection* first = nullptr;
        connection* last = nullptr;
        std::size_t size = 0;
    };

    /// noexcept: an exception would leave the rest of the round unread.
    void run_round() noexcept;

    io_executor executor_;
    queue scheduled_;
    connection const* last_ = nullptr;  // only compared: it may have been destroyed
};

}  // namespace porter::detail::server
