#pragma once

#include "porter/message_socket.hpp"
#include "support/run.hpp"
#include "support/scripted_stream.hpp"

namespace porter::testing {

/// A message_socket over a stream that is scripted by the test: splits, failures, pending writes.
using scripted_socket = message_socket<scripted_stream>;

inline task<std::error_code> flushed(scripted_socket& socket)
{
    std::error_code error = asio::error::eof;  // must be overwritten
    co_await socket.flush(error);
    co_return error;
}

}  // namespace porter::testing
