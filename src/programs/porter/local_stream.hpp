#pragma once

#include <asio/buffer.hpp>
#include <cstddef>
#include <system_error>

#include "porter/task.hpp"

namespace porter::programs {

/// The byte stream of a local program: one end of a tunnel. One coroutine may read while another one writes.
class local_stream {
public:
    virtual ~local_stream() = default;

    /// Waits for input. 0: its end, or an error. `buffer` must stay valid until the read ends.
    virtual task<std::size_t> read(asio::mutable_buffer buffer, std::error_code& error) = 0;

    /// Writes all of the bytes, which must stay valid until the write ends.
    virtual task<void> write(asio::const_buffer bytes, std::error_code& error) = 0;

    /// Tells the program that no more bytes come. It may still send.
    virtual void end_output() = 0;

    /// Ends pending operations with asio::error::operation_aborted.
    virtual void cancel() = 0;

protected:
    local_stream() = default;
    local_stream(local_stream const&) = default;
    local_stream& operator=(local_stream const&) = default;
};

}  // namespace porter::programs
