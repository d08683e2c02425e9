#pragma once

#include <cstdint>
#include <filesystem>

#include "base/file.hpp"

namespace porter::programs {

/// A file with the port in decimal and a newline, for programs that wait for the server: it is there, whole, only
/// while the server listens.
class port_file {
public:
    /// Puts it in place by rename within its directory. What has the name and is no file (a device, a FIFO, a link to
    /// either or to the console) is written to instead, and stays. Throws start_error(cannot_create).
    port_file(std::filesystem::path path, std::uint16_t port);

    /// Throws what the constructor would throw for this file; makes and changes nothing. `planned`: a folder that will
    /// have been made by then; empty: none.
    static void check(std::filesystem::path const& path, std::filesystem::path const& planned);

    /// Removes it, unless another server has put its own there since.
    ~port_file();
    port_file(port_file const&) = delete;
    port_file& operator=(port_file const&) = delete;

private:
    std::filesystem::path path_;
    bool is_ours_;                  ///< to be replaced and removed
    detail::base::unique_fd file_;  ///< stays open: as long as it is, no other file can be mistaken for it
};

}  // namespace porter::programs
