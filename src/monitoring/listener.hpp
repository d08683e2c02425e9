#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/file.hpp"

namespace porter::detail::monitoring {

/// Where to listen: an IP address and a port, or the path of a UNIX socket.
struct endpoint {
    std::string ip;
    std::uint16_t port = 0;  ///< 0: any free one
    std::string path;        ///< set: a UNIX socket
};

/// A socket that listens, without waiting in accept(2). A UNIX socket has the mode 0660, replaces one that a killed
/// process has left, and is removed at the end.
class listener {
public:
    /// Throws start_error (cannot_listen).
    explicit listener(endpoint const& where);
    ~listener();
    listener(listener const&) = delete;
    listener& operator=(listener const&) = delete;

    int descriptor() const noexcept { return socket_.get(); }
    /// The port that was bound; 0: it is a UNIX socket.
    std::uint16_t port() const noexcept { return port_; }

private:
    void bind_ip(endpoint const& where);
    void bind_path(std::string const& path);

    base::unique_fd socket_;
    std::uint16_t port_ = 0;
    std::string path_;  // of the socket that was made; empty: none
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace porter::detail::monitoring
