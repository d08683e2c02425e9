#pragma once

#include <array>
#include <cstddef>

#include "base/asio.hpp"

namespace porter::detail::server {

class socket_reader;

/// Orders the reads of one worker's connections. After replying, a connection yields to every ready connection before
/// its next read. By then the peer's next message has mostly arrived, so few reads find nothing and become asynchronous
/// operations. On the worker's thread.
class read_scheduler {
public:
    explicit read_scheduler(io_executor executor) noexcept : executor_(executor) {}

    /// Queues a read; starts it at once if no other connection has read since its last. The connection must live until
    /// the read.
    void schedule(socket_reader& reader);

private:
    /// A list of readers by their `next_scheduled_`.
    struct queue {
        void push(socket_reader& reader) noexcept;

        socket_reader* first = nullptr;
        socket_reader* last = nullptr;
        std::size_t size = 0;
    };

    /// A posted round. There is one at a time, in `memory_`: Asio calls schedule() from a function that is noexcept. It
    /// has run before its connections end, and so before this object is destroyed.
    struct posted_round;
    template <typename T>
    struct round_allocator;

    /// noexcept: an exception would leave the rest of the round unread.
    void run_round() noexcept;

    io_executor executor_;
    queue scheduled_;
    socket_reader const* last_ = nullptr;  // only compared: it may have been destroyed
    alignas(std::max_align_t) std::array<std::byte, 128> memory_{};
};

}  // namespace porter::detail::server
