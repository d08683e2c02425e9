#pragma once

#include <asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>
#include <system_error>

#include "porter/task.hpp"

namespace porter::programs {

/// Waits for a descriptor that other programs have open too, such as stdin. Asio makes whatever it waits for
/// non-blocking, which would hold for them as well and outlast this program; so it is given an epoll instead, which
/// watches the descriptor and is this program's own (epoll(7)).
class readiness {
public:
    /// `descriptor` is open for as long as this lives.
    readiness(io_executor executor, int descriptor);

    /// Waits until reading does not block: bytes, the end or an error are there. Files are always ready.
    /// Fails with asio::error::operation_aborted after cancel().
    task<std::error_code> to_read();

    /// The same for writing: PIPE_BUF bytes into a pipe.
    task<std::error_code> to_write();

    /// Whether it cannot be watched, and never makes anybody wait: a regular file, or /dev/null.
    bool always() const noexcept { return always_; }

    void cancel() { watch_.cancel(); }

private:
    task<std::error_code> wait_for(std::uint32_t event);
    bool is_ready();

    int descriptor_;
    asio::posix::basic_stream_descriptor<io_executor> watch_;
    bool always_ = false;
};

}  // namespace porter::programs
