#pragma once

#include <asio/local/stream_protocol.hpp>
#include <filesystem>

#include "base/file.hpp"

namespace porter::detail::control {

/// The address of a Unix socket. A path that is too long for sockaddr_un is given by its folder, which this keeps open:
/// use the endpoint while it lives.
class socket_path {
public:
    /// Throws std::system_error if the folder of a long path cannot be opened, or if its file name alone is too long.
    explicit socket_path(std::filesystem::path const& path);

    asio::local::stream_protocol::endpoint const& endpoint() const noexcept { return endpoint_; }

private:
    base::unique_fd folder_;
    asio::local::stream_protocol::endpoint endpoint_;
};

}  // namespace porter::detail::control
