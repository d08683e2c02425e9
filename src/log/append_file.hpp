#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.hpp"

namespace porter::detail::log {

/// The number of line feeds.
std::size_t count_lines(std::string_view text) noexcept;

/// A file to which whole lines are appended, also when the disk is full or the file is removed or rotated. Errors are
/// values of errno (0: none). For one thread.
class append_file {
public:
    /// Opens the file (created with mode 0600; no symbolic link, pipe or directory), or duplicates a standard stream of
    /// any type. On failure `opening_error()` has the error, and write() tries again.
    explicit append_file(std::filesystem::path path);

    /// The opening_error() that this file would have; creates and changes nothing. `planned`: a folder that will be
    /// created before; empty: none.
    static int error_of_opening(std::filesystem::path const& path, std::filesystem::path const& planned);

    int opening_error() const noexcept { return opening_error_; }
    std::filesystem::path const& path() const noexcept { return path_; }
    /// -1: no file is open.
    int descriptor() const noexcept { return file_.get(); }

    /// The lines that a write lost.
    struct lost_lines {
        std::size_t lines = 0;
        int error = 0;  ///< 0: no line was lost
    };

    /// Appends lines, each with its line feed, in one write. Creates the file again if it was removed. If a write
    /// fails, the rest is lost, except the end of a line that was partly written: it is kept and written before the
    /// next lines. Needs no memory: it may take that of `lines`, whose value is then unspecified.
    lost_lines write(std::string& lines);

    /// Whether a line was partly written.
    bool has_unfinished() const noexcept { return !unfinished_.empty(); }

    /// Opens the path again. On an error the open file stays in use; otherwise the end of a partly written line is
    /// lost.
    int reopen();

private:
    int reopen_file();
    bool was_removed() const;
    int finish_line();

    std::filesystem::path path_;
    base::unique_fd file_;
    int opening_error_ = 0;
    std::string unfinished_;  ///< the end of a line that was partly written
};

}  // namespace porter::detail::log
