#pragma once

#include <cstddef>
#include <string>
#include <system_error>

#include "porter/task.hpp"
#include "programs/porter/descriptor_watcher.hpp"

namespace porter::programs {

/// Asynchronous reads and writes of stdin or stdout: a pipe, a socket or a file. The flags of the descriptor do not
/// change, since other processes may share it.
class byte_stream {
public:
    /// `descriptor` must stay open for the lifetime of the object.
    byte_stream(io_executor executor, int descriptor);

    /// Waits for input and appends at most `limit` bytes. False: the end, or an error.
    task<bool> read(std::string& text, std::size_t limit, std::error_code& error);

    /// Writes all of the text.
    task<void> write(std::string text, std::error_code& error);

    /// Ends pending operations with asio::error::operation_aborted.
    void cancel() { watcher_.cancel(); }

private:
    int descriptor_;
    descriptor_watcher watcher_;
};

}  // namespace porter::programs
