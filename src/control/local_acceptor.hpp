#pragma once

#include <sys/types.h>

#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/local/stream_protocol.hpp>
#include <filesystem>
#include <optional>

#include "base/asio.hpp"
#include "base/file.hpp"
#include "porter/message_socket.hpp"

namespace porter::detail::control {

using local_socket = message_socket<asio::basic_stream_socket<asio::local::stream_protocol, io_executor>>;

/// The user of the process at the other end, when it connected. None: the socket has no such peer.
std::optional<::uid_t> user_of(local_socket& socket) noexcept;

/// A listening Unix socket for one server: the lock of a file beside it, with the extension .lock, keeps other servers
/// out, so a socket that is there without the lock was left by a process that has ended, and is replaced.
class local_acceptor {
public:
    /// Locks the file and listens, with mode 0600. Throws start_error: cannot_listen if another process has the lock;
    /// cannot_create if the file or the socket cannot be made.
    local_acceptor(io_executor executor, std::filesystem::path path);
    /// As close().
    ~local_acceptor();
    local_acceptor(local_acceptor const&) = delete;
    local_acceptor& operator=(local_acceptor const&) = delete;

    /// Waits for the next peer. After close() the error is operation_aborted.
    task<local_socket> accept(base::error_code& error);

    /// Ends accept(), removes the socket, and unlocks the file, which stays.
    void close();

private:
    std::filesystem::path path_;
    base::unique_fd lock_;
    asio::basic_socket_acceptor<asio::local::stream_protocol, io_executor> acceptor_;
};

}  // namespace porter::detail::control
