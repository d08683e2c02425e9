#pragma once

#include <cstdint>
#include <filesystem>

#include "base/file.hpp"

namespace porter::detail::terminal {

/// A file with the port in decimal and a newline, for programs that wait for the server. It exists, complete, only
/// while the server listens.
class port_file {
public:
    /// Creates the file by rename within its directory. A path that is not a regular file (a device, a FIFO, a link to
    /// either or to a standard stream) is written to instead and never removed. Throws start_error(cannot_create).
    port_file(std::filesystem::path path, std::uint16_t port);

    /// Throws what the constructor would throw for this path; changes nothing. `planned`: a folder that will be created
    /// before; empty: none.
    static void check(std::filesystem::path const& path, std::filesystem::path const& planned);

    /// Removes the file, unless another server has replaced it.
    ~port_file();
    port_file(port_file const&) = delete;
    port_file& operator=(port_file const&) = delete;

private:
    std::filesystem::path path_;
    bool is_replaced_;      ///< and removed by the destructor
    base::unique_fd file_;  ///< stays open, so that its inode number is not reused
};

}  // namespace porter::detail::terminal
