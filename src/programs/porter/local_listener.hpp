#pragma once

#include <asio/basic_socket_acceptor.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <cstdint>
#include <string>

#include "porter/task.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/listen_address.hpp"
#include "programs/porter/socket_stream.hpp"

namespace porter::programs {

/// Accepts local programs at an address.
class local_listener {
public:
    /// `address` is copied.
    local_listener(io_executor executor, listen_address address);

    /// Removes the unix socket, unless another process has replaced it.
    ~local_listener();
    local_listener(local_listener const&) = delete;
    local_listener& operator=(local_listener const&) = delete;

    /// Takes the address: from then on no other program can. A unix socket that is there is replaced if nothing listens
    /// on it.
    outcome<void> bind();

    /// Starts to listen.
    outcome<void> listen();

    /// Waits for the next program. The error is operation_aborted after close().
    task<local_socket> accept(std::error_code& error);

    void close();

    /// For messages: 127.0.0.1:5432 or unix:PATH.
    std::string name() const;

    /// The port, after bind().
    std::uint16_t port() const;

private:
    using protocol = asio::generic::stream_protocol;
    using acceptor = asio::basic_socket_acceptor<protocol, io_executor>;

    outcome<void> bind_unix();
    outcome<void> bind_tcp();
    std::error_code bind_path();
    unexpected<exit_status> fail(std::error_code error) const;

    listen_address address_;
    acceptor acceptor_;
    std::uint64_t device_ = 0;  // of the unix socket's file, with inode_
    std::uint64_t inode_ = 0;   // 0: none
};

/// The address of a program that is connected over TCP, for messages; empty over a unix socket.
std::string peer_name(local_socket const& socket);

}  // namespace porter::programs
