#pragma once

#include <cstddef>
#include <string>
#include <system_error>

#include "porter/task.hpp"
#include "programs/porter/readiness.hpp"

namespace porter::programs {

/// stdin or stdout without a terminal at the other end: read and written piece by piece, so that the network goes on
/// while the other end is slow. Whatever it is, a pipe or a file (which no epoll watches). Its flags stay as they are,
/// since other programs may share it.
class byte_stream {
public:
    /// `descriptor` is open for as long as this lives.
    byte_stream(io_executor executor, int descriptor);

    /// Waits for bytes and appends some, at most `most`. False: the end, or an error.
    task<bool> read(std::string& text, std::size_t most, std::error_code& error);

    /// Writes all of the text.
    task<void> write(std::string text, std::error_code& error);

    /// What waits ends with asio::error::operation_aborted.
    void cancel() { ready_.cancel(); }

private:
    int descriptor_;
    readiness ready_;
};

}  // namespace porter::programs
