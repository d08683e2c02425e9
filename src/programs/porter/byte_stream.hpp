#pragma once

#include <asio/posix/basic_stream_descriptor.hpp>
#include <cstddef>
#include <string>
#include <system_error>

#include "porter/task.hpp"

namespace porter::programs {

/// stdin or stdout without a terminal at the other end: read and written piece by piece, so that the network goes on
/// while the other end is slow. Whatever it is, a pipe or a file (which no epoll watches). Its flags stay as they are,
/// since other programs may share it.
class byte_stream {
public:
    byte_stream(io_executor executor, int descriptor);

    /// Waits for bytes and appends some, at most `most`. False: the end, or an error.
    task<bool> read(std::string& text, std::size_t most, std::error_code& error);

    /// Writes all of the text.
    task<void> write(std::string text, std::error_code& error);

    /// What waits ends with asio::error::operation_aborted.
    void cancel() { waits_.cancel(); }

private:
    using waits = asio::posix::basic_stream_descriptor<io_executor>;

    task<void> wait(waits::wait_type what, std::error_code& error);

    waits waits_;
    bool ready_ = false;  // always, for it cannot be watched
};

}  // namespace porter::programs
