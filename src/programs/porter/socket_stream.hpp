#pragma once

#include <asio/basic_stream_socket.hpp>
#include <asio/generic/stream_protocol.hpp>

#include "porter/task.hpp"
#include "programs/porter/local_stream.hpp"

namespace porter::programs {

/// A connected socket of a local program: TCP or unix.
using local_socket = asio::basic_stream_socket<asio::generic::stream_protocol, io_executor>;

/// The byte stream of an accepted socket.
class socket_stream final : public local_stream {
public:
    explicit socket_stream(local_socket socket) : socket_(std::move(socket)) {}

    task<std::size_t> read(asio::mutable_buffer buffer, std::error_code& error) override;
    task<void> write(asio::const_buffer bytes, std::error_code& error) override;
    void end_output() override;
    void cancel() override;

    /// Closes the socket so that the program gets an error, over TCP a reset: it must not take what has arrived for
    /// all.
    void reset();

private:
    local_socket socket_;
};

}  // namespace porter::programs
