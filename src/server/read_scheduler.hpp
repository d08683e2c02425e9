#pragma once

#include "base/asio.hpp"

namespace porter::detail::server {

class connection;

/// The order in which the connections of one worker read. After replying, a connection yields to every ready connection
/// before its next read: the peer's next message has mostly arrived by then, so a read seldom finds nothing and seldom
/// has to be started as an asynchronous operation. On the worker's thread.
class read_scheduler {
public:
    explicit read_scheduler(io_executor executor) noexcept : executor_(executor) {}

    /// Lets the connection read in its turn: at once when no other has read since its last. It outlives that.
    void schedule(connection& conn);

private:
    /// A list of connections by their `next_scheduled_`.
    struct queue {
        void push(connection& conn) noexcept;

        connection* first = nullptr;
        connection* last = nullptr;
        std::size_t size = 0;
    };

    /// noexcept: an exception would leave the rest of a round waiting for ever.
    void run_round() noexcept;

    io_executor executor_;
    queue scheduled_;
    connection const* last_ = nullptr;  // only compared with: it may have been destroyed
};

}  // namespace porter::detail::server
