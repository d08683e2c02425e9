#pragma once

#include "base/asio.hpp"

namespace porter::detail::server {

class connection;

/// In what order the peers of one I/O thread read. Who has answered lets all others have their turn before it reads
/// again: what its visitor says next is mostly here by then, so that no read is tried in vain, and none has to be
/// begun as an operation that somebody waits for. On one thread.
class read_scheduler {
public:
    explicit read_scheduler(io_executor executor) noexcept : executor_(executor) {}

    /// Lets this peer read when it is its turn, which is at once when nobody else has read since its last. It is not
    /// destroyed before that.
    void schedule(connection& conn);

private:
    /// A list of peers by their `next_`.
    struct queue {
        void push(connection& conn) noexcept;

        connection* first = nullptr;
        connection* last = nullptr;
        std::size_t size = 0;
    };

    /// noexcept: what escaped here would leave the rest of a round waiting for ever.
    void run_round() noexcept;

    io_executor executor_;
    queue waiting_;
    connection const* last_ = nullptr;  // to compare with: it may have gone
};

}  // namespace porter::detail::server
