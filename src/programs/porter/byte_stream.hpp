#pragma once

#include <asio/buffer.hpp>
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

    /// Waits for input and reads it into the buffer, which must stay valid until then. 0: the end, or an error.
    task<std::size_t> read_some(asio::mutable_buffer buffer, std::error_code& error);

    /// Writes all of the text.
    task<void> write(std::string text, std::error_code& error);

    /// The same for bytes that stay valid until the write ends.
    task<void> write(asio::const_buffer bytes, std::error_code& error);

    /// Ends pending operations with asio::error::operation_aborted.
    void cancel() { watcher_.cancel(); }

private:
    bool is_ready(short events) const;
    std::size_t write_ready(asio::const_buffer bytes, std::error_code& error);

    int descriptor_;
    bool is_socket_;
    descriptor_watcher watcher_;
};

}  // namespace porter::programs
