#pragma once

#include <asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>
#include <system_error>

#include "porter/task.hpp"

namespace porter::programs {

/// Waits until a descriptor is ready, without changing its flags: other processes may share the open file description
/// of stdin, and Asio would make it non-blocking. So Asio waits for an epoll instance that watches the descriptor.
class descriptor_watcher {
public:
    /// `descriptor` must stay open for the lifetime of the object.
    descriptor_watcher(io_executor executor, int descriptor);

    /// Waits until a read does not block, also because of the end or an error. asio::error::operation_aborted after
    /// cancel().
    task<std::error_code> wait_readable();

    /// Waits until a write does not block; into a pipe, a write of PIPE_BUF bytes.
    task<std::error_code> wait_writable();

    /// Whether epoll cannot watch the descriptor, because it never blocks: a regular file, /dev/null.
    bool is_always_ready() const noexcept { return is_always_ready_; }

    void cancel() { epoll_.cancel(); }

private:
    task<std::error_code> wait_for(std::uint32_t events);
    bool is_ready();

    int descriptor_;
    asio::posix::basic_stream_descriptor<io_executor> epoll_;
    bool is_always_ready_ = false;
};

}  // namespace porter::programs
